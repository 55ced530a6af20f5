//! An app extension: a process of its own that calls itself the app, has the app's install key, and is never attested.

use bonafide_protocol::measurement::{Code, CodeRole, Platform};
use serde_json::{Value, json};

use super::described::{BUILT, Built, IPhone as Described};
use super::register;
use crate::common::genuine;
use crate::phone::{IPhone, NOW, World};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// The next build of the same version.
const NEXT: Built = Built {
    build: "43",
    app: b"the next build's code",
    framework: b"the next build's framework",
    share: b"the next build's extension",
    share_framework: b"the next build's other framework",
};

type Change = fn(&mut Described);

/// The phone's installation: the app's key, whichever process asks.
struct Installed {
    iphone: IPhone,
    world: World,
    jwks: Value,
}

impl Installed {
    /// With both builds registered. The app has not asked yet.
    async fn new() -> Self {
        let world = World::untouched().await;
        register(&world, Platform::Ios, BUILT.ipa()).await;
        register(&world, Platform::Ios, NEXT.ipa()).await;
        let jwks = world.service.operator("GET", "/.well-known/jwks.json", None).await.1;
        let mut iphone = IPhone::new();
        iphone.phone.device.request.app = BUILT.app_facts();
        Self { iphone, world, jwks }
    }

    /// The operator lets extensions live for three days on what their app has proven.
    async fn allow_three_days(&self) {
        let policy = json!({ "findings": {}, "evidence": { "max_age": { "app_extension": 3 * DAY } } });
        self.world.policy(policy).await;
    }

    async fn is_now(&mut self, described: &Described) {
        let app = &self.iphone.phone.device.request.app;
        self.iphone.phone.device.request.measurement = described.measurement(app).await;
    }

    /// The app is opened, and attested.
    async fn open(&mut self) {
        self.is_now(&BUILT.phone()).await;
        self.iphone.enroll(&self.world).await;
        self.world.assert_passes("the app itself").await;
    }

    /// Asks without evidence, as a process that measures so.
    async fn ask(&mut self, described: &Described, expected: &[&str], what: &str) {
        self.is_now(described).await;
        self.ask_again(expected, what).await;
    }

    async fn ask_again(&self, expected: &[&str], what: &str) {
        let token = self.iphone.phone.ask(&self.world, |_| Vec::new()).await.token;
        self.world.assert_found(expected, what).await;
        assert_eq!(genuine(&self.jwks, &token), expected.is_empty(), "{what}");
    }
}

const OTHERS: &[(&str, Change, &[&str])] = &[
    ("a byte of its code is another", |d| d.executable.1.reverse(), &["app_altered"]),
    ("a byte of Bonafide's is another", |d| d.core.1.reverse(), &["core_altered"]),
    (
        "code that nobody registered",
        |d| (d.executable.1, d.core.1) = (b"x".to_vec(), b"x".to_vec()),
        &["app_altered", "core_altered"],
    ),
    ("a framework's code for its own", |d| d.executable.1 = BUILT.framework.to_vec(), &["app_altered"]),
    ("that of its own framework", |d| d.executable.1 = BUILT.share_framework.to_vec(), &["app_altered"]),
    (
        "that of another build",
        |d| (d.executable.1, d.core.1) = (NEXT.share.to_vec(), NEXT.share.to_vec()),
        &["app_altered", "core_altered"],
    ),
    ("Bonafide's of another build", |d| d.core.1 = NEXT.share.to_vec(), &["core_altered"]),
    ("a debugger", |d| d.traced = Some(true), &["debugger_attached"]),
    ("a jailbreak", |d| drop(d.files.insert("/var/jb/usr/bin/su".into(), Vec::new())), &["rooted"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_extension_of_the_same_build_is_the_app_and_nothing_else_is() {
    let mut installed = Installed::new().await;
    installed.ask(&BUILT.share(), &["key_level_too_low", "evidence_missing"], "before the app was ever opened").await;
    installed.open().await;
    for (what, change, expected) in OTHERS {
        let mut described = BUILT.share();
        change(&mut described);
        installed.ask(&described, expected, what).await;
    }
    // Two executables at once: no process has them.
    installed.is_now(&BUILT.share()).await;
    let code = &mut installed.iphone.phone.device.request.measurement.code;
    let of_share = code.iter().find(|code| code.role == CodeRole::Executable).unwrap().clone();
    let app = BUILT.phone().measurement(&BUILT.app_facts()).await;
    let of_app: Vec<Code> = app.code.into_iter().filter(|code| code.role == CodeRole::Executable).collect();
    code.extend(of_app);
    installed.ask_again(&["app_altered"], "the app's executable besides").await;
    assert_eq!(of_share.name, "Share");

    installed.ask(&BUILT.share(), &[], "the extension").await;
    let mut dynamic = BUILT.share();
    dynamic.core = ("Draw".to_owned(), BUILT.share_framework.to_vec());
    installed.ask(&dynamic, &[], "Bonafide in a framework of its own").await;
    dynamic.core = ("Kit".to_owned(), BUILT.framework.to_vec());
    installed.ask(&dynamic, &[], "Bonafide in a framework of the app").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_gave_counts_longer_for_its_extensions_and_never_for_itself() {
    let mut installed = Installed::new().await;
    installed.open().await;
    let clock = installed.world.service.clock.clone();
    clock.set(NOW + HOUR + 1);
    installed.ask(&BUILT.phone(), &["evidence_expired"], "the app itself, an hour later").await;
    installed.ask(&BUILT.share(), &["evidence_expired"], "its extension too, if nobody says otherwise").await;
    installed.allow_three_days().await;
    let mut altered = BUILT.share();
    altered.executable.1.reverse();
    installed.ask(&altered, &["app_altered", "evidence_expired"], "what only says that it is an extension").await;
    clock.set(NOW + 3 * DAY);
    installed.ask(&BUILT.phone(), &["evidence_expired"], "the app itself, three days later").await;
    installed.ask(&BUILT.share(), &[], "within three days").await;
    installed.ask(&BUILT.phone(), &["evidence_expired"], "its extension does not renew it").await;
    clock.set(NOW + 3 * DAY + 1);
    installed.ask(&BUILT.share(), &["evidence_expired"], "after three days").await;
}

/// Two packages of one version and build: what the one has for its extension, the other has for its app.
#[tokio::test(flavor = "multi_thread")]
async fn what_could_be_the_app_as_well_goes_by_what_holds_for_the_app() {
    let mut installed = Installed::new().await;
    let other = Built { app: b"another app's code", share: BUILT.app, ..BUILT };
    register(&installed.world, Platform::Ios, other.ipa()).await;
    installed.open().await;
    installed.allow_three_days().await;
    installed.world.service.clock.set(NOW + HOUR + 1);
    installed.ask(&BUILT.phone(), &["evidence_expired"], "the app of the one").await;
    installed.ask(&BUILT.share(), &[], "the extension of the one").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_says_for_how_long() {
    let mut installed = Installed::new().await;
    installed.open().await;
    let policy = |ages: Value| json!({ "findings": {}, "evidence": { "max_age": ages } });
    let clock = installed.world.service.clock.clone();
    clock.set(NOW + 2 * HOUR);
    // Nobody has to open an app more often for its extensions' sake than for its own.
    installed.world.policy(policy(json!({ "app_extension": 300 }))).await;
    installed.ask(&BUILT.share(), &["evidence_expired"], "no longer than the app").await;
    installed.world.policy(policy(json!({ "app_extension": 300, "app_attest": 7200 }))).await;
    installed.ask(&BUILT.share(), &[], "as long as the app").await;
    installed.world.policy(policy(json!({ "app_extension": 7199 }))).await;
    installed.ask(&BUILT.share(), &["evidence_expired"], "a second too old").await;
    installed.world.policy(policy(json!({ "app_extension": 7200 }))).await;
    installed.ask(&BUILT.share(), &[], "just as old as it may be").await;
}
