//! A policy as text: strict from an operator, whose typing errors have to be told; careful from the database, where a
//! later version of the service may have written more than this one knows.

use std::collections::BTreeMap;
use std::fmt;

use bonafide_protocol::finding::Finding;
use bonafide_protocol::measurement::Platform;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::defaults::why_fixed;
use super::evidence::EvidencePolicy;
use super::rules::{Action, Effect, PLATFORMS, Rule, Rules, platform};

/// The longest policy: every finding with every platform takes a tenth of it.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// A policy as an operator wrote it, without an error in it.
pub(crate) struct Document {
    pub(crate) rules: Rules,
}

impl Document {
    /// Reads what an operator wrote. Errors name the member, the line, and the nearest name that there is.
    pub(crate) fn read(text: &[u8]) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(text);
        let rules = Whole.deserialize(&mut reader)?;
        reader.end()?;
        Ok(Self { rules })
    }

    /// Reads what stands in the database. A finding or platform that this version does not know is passed over, since
    /// it never finds it; a rule that it cannot read in full rejects.
    pub(crate) fn recall(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let findings = value.get("findings")?.as_object()?;
        let rules = findings
            .iter()
            .filter_map(|(code, rule)| Some((Finding::from_code(code)?, recall_rule(rule))))
            .collect::<BTreeMap<_, _>>();
        let evidence = value.get("evidence").map(EvidencePolicy::recall).unwrap_or_default();
        Some(Self { rules: Rules::new(rules, evidence) })
    }
}

/// The one form that is stored and shown: only what the policy names.
pub(crate) fn to_json(rules: &Rules) -> Value {
    let effect = |effect: Effect| match effect {
        Effect { action, open: true } => json!({ "action": action, "open": true }),
        Effect { action, open: false } => json!(action),
    };
    let rule = |rule: &Rule| {
        if rule.platforms.is_empty() {
            return effect(rule.effect);
        }
        let mut members = Map::new();
        members.insert("action".to_owned(), json!(rule.effect.action));
        if rule.effect.open {
            members.insert("open".to_owned(), json!(true));
        }
        let platforms: Map<String, Value> =
            rule.platforms.iter().map(|(platform, one)| (platform.name().to_owned(), effect(*one))).collect();
        members.insert("platforms".to_owned(), Value::Object(platforms));
        Value::Object(members)
    };
    let findings: Map<String, Value> =
        rules.named().map(|(finding, one)| (finding.code().to_owned(), rule(one))).collect();
    let mut document = json!({ "findings": findings });
    if let Some(members) = document.as_object_mut().filter(|_| rules.evidence != EvidencePolicy::default()) {
        members.insert("evidence".to_owned(), json!(rules.evidence));
    }
    document
}

fn recall_rule(value: &Value) -> Rule {
    let platforms = match value.get("platforms") {
        None => Vec::new(),
        Some(Value::Object(named)) => {
            named.iter().filter_map(|(name, effect)| Some((platform(name)?, recall_effect(effect)))).collect()
        }
        // Where it differs, nobody can tell: it may reject anywhere.
        Some(_) => return Rule { effect: Effect::REJECT, platforms: Vec::new() },
    };
    Rule { effect: recall_effect(value), platforms }
}

fn recall_effect(value: &Value) -> Effect {
    let action = |name: &str| Action::ALL.into_iter().find(|action| action.name() == name);
    match value {
        Value::String(name) => action(name).map(|action| Effect { action, open: false }),
        Value::Object(members) if members.keys().all(|name| MEMBERS.contains(&name.as_str())) => {
            let open = members.get("open").is_some_and(|open| *open == Value::Bool(true));
            members.get("action").and_then(Value::as_str).and_then(action).map(|action| Effect { action, open })
        }
        _ => None,
    }
    .unwrap_or(Effect::REJECT)
}

const MEMBERS: &[&str] = &["action", "open", "platforms"];
const NESTED_MEMBERS: &[&str] = &["action", "open"];

/// The whole document.
struct Whole;

impl<'de> DeserializeSeed<'de> for Whole {
    type Value = Rules;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Whole {
    type Value = Rules;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a policy, {\"findings\": {…}}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut findings, mut evidence) = (None, None);
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "findings" if findings.is_none() => findings = Some(members.next_value_seed(Findings)?),
                "evidence" if evidence.is_none() => evidence = Some(members.next_value()?),
                "findings" | "evidence" => return Err(A::Error::custom(format!("`{name}` stands there twice"))),
                other => return Err(unknown("the policy: unknown member", other, &["findings", "evidence"])),
            }
        }
        let findings = findings.ok_or_else(|| A::Error::custom("the policy has no member `findings`"))?;
        Ok(Rules::new(findings, evidence.unwrap_or_default()))
    }
}

/// Its `findings`.
struct Findings;

impl<'de> DeserializeSeed<'de> for Findings {
    type Value = BTreeMap<Finding, Rule>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Findings {
    type Value = BTreeMap<Finding, Rule>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object of findings, each with an action or {\"action\": …}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut rules = BTreeMap::new();
        while let Some(code) = members.next_key::<String>()? {
            let Some(finding) = Finding::from_code(&code) else {
                let known: Vec<&str> = Finding::ALL.iter().map(|finding| finding.code()).collect();
                return Err(unknown("findings: unknown finding", &code, &known));
            };
            let rule = members.next_value_seed(OneRule { path: format!("findings.{code}"), nested: false })?;
            let effects = rule.platforms.iter().map(|(_, effect)| *effect).chain([rule.effect]);
            if let Some(why) = why_fixed(finding).filter(|_| effects.into_iter().any(|one| one != Effect::REJECT)) {
                return Err(A::Error::custom(format!("findings.{code}: this finding always rejects: {why}")));
            }
            if rules.insert(finding, rule).is_some() {
                return Err(A::Error::custom(format!("findings.{code} stands there twice")));
            }
        }
        Ok(rules)
    }
}

/// What it says of one finding, or, `nested`, of one on a platform.
struct OneRule {
    path: String,
    nested: bool,
}

impl OneRule {
    fn action<E: serde::de::Error>(&self, name: &str) -> Result<Action, E> {
        Action::ALL
            .into_iter()
            .find(|action| action.name() == name)
            .ok_or_else(|| unknown(&format!("{}: unknown action", self.path), name, &Action::ALL.map(Action::name)))
    }
}

impl<'de> DeserializeSeed<'de> for OneRule {
    type Value = Rule;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Rule, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneRule {
    type Value = Rule;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "in {} an action or {{\"action\": …}}", self.path)
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Rule, E> {
        Ok(Rule { effect: Effect { action: self.action(name)?, open: false }, platforms: Vec::new() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Rule, A::Error> {
        let path = &self.path;
        let twice = |name: &str| A::Error::custom(format!("{path}.{name} stands there twice"));
        let (mut action, mut open, mut platforms) = (None, None, None);
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "action" if action.is_none() => {
                    action = Some(self.action(&members.next_value_seed(Text(format!("{path}.action")))?)?);
                }
                "open" if open.is_none() => open = Some(members.next_value_seed(Flag(format!("{path}.open")))?),
                "platforms" if platforms.is_none() && !self.nested => {
                    platforms = Some(members.next_value_seed(Platforms(format!("{path}.platforms")))?);
                }
                "action" | "open" => return Err(twice(&name)),
                "platforms" if !self.nested => return Err(twice(&name)),
                other => {
                    let known = if self.nested { NESTED_MEMBERS } else { MEMBERS };
                    return Err(unknown(&format!("{path}: unknown member"), other, known));
                }
            }
        }
        let action = action.ok_or_else(|| A::Error::custom(format!("{path} has no `action`")))?;
        let open = open.unwrap_or(false);
        if open && action != Action::Annotate {
            return Err(A::Error::custom(format!("{path}: `open` goes with the action `annotate` only")));
        }
        Ok(Rule { effect: Effect { action, open }, platforms: platforms.unwrap_or_default() })
    }
}

/// Where it differs by platform.
struct Platforms(String);

impl<'de> DeserializeSeed<'de> for Platforms {
    type Value = Vec<(Platform, Effect)>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Platforms {
    type Value = Vec<(Platform, Effect)>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "in {} an object of platforms", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let path = &self.0;
        let mut platforms: Self::Value = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            let Some(named) = platform(&name) else {
                let known = PLATFORMS.map(Platform::name);
                return Err(unknown(&format!("{path}: unknown platform"), &name, &known));
            };
            if platforms.iter().any(|(held, _)| *held == named) {
                return Err(A::Error::custom(format!("{path}.{name} stands there twice")));
            }
            let rule = members.next_value_seed(OneRule { path: format!("{path}.{name}"), nested: true })?;
            platforms.push((named, rule.effect));
        }
        platforms.sort_by_key(|(platform, _)| platform.name());
        Ok(platforms)
    }
}

/// A text, and a truth value; their errors say where.
struct Text(String);
struct Flag(String);

impl<'de> DeserializeSeed<'de> for Text {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<String, D::Error> {
        let value = Value::deserialize(reader)?;
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| D::Error::custom(format!("{}: expected a text, found {value}", self.0)))
    }
}

impl<'de> DeserializeSeed<'de> for Flag {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        let value = Value::deserialize(reader)?;
        value.as_bool().ok_or_else(|| D::Error::custom(format!("{}: expected true or false, found {value}", self.0)))
    }
}

/// `what` is not one of `known`: the nearest of them, if it is near, and all of them if they are few.
fn unknown<E: serde::de::Error>(what: &str, name: &str, known: &[&str]) -> E {
    let name: String = name.chars().take(60).collect();
    let nearest = known
        .iter()
        .map(|one| (strsim::jaro_winkler(&name.to_lowercase(), one), *one))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    let hint = nearest.map(|(_, one)| format!("; did you mean {one:?}?")).unwrap_or_default();
    let list = if known.len() <= 5 { format!(" (one of {})", known.join(", ")) } else { String::new() };
    E::custom(format!("{what} {name:?}{list}{hint}"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::defaults::default_action;
    use super::*;

    fn error(text: &str) -> String {
        Document::read(text.as_bytes()).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn an_operators_typing_error_is_told_with_its_place_and_the_nearest_name() {
        for (text, expected) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("[]", "invalid type: sequence, expected a policy"),
            ("{}", "the policy has no member `findings`"),
            ("{\"findings\": {}}x", "trailing characters at line 1 column 17"),
            (
                "{\n\"finding\": {}}",
                "unknown member \"finding\" (one of findings, evidence); did you mean \"findings\"? at line 2",
            ),
            ("{\"findings\": {}, \"findings\": {}}", "`findings` stands there twice"),
            (
                "{\"findings\": {\n\n\"app_alterd\": \"reject\"}}",
                "unknown finding \"app_alterd\"; did you mean \"app_altered\"? at line 3",
            ),
            ("{\"findings\": {\"quite_other\": \"reject\"}}", "findings: unknown finding \"quite_other\""),
            (
                "{\"findings\": {\"app_altered\": \"anotate\"}}",
                "findings.app_altered: unknown action \"anotate\" (one of reject, annotate, ignore); did you mean \"annotate\"?",
            ),
            ("{\"findings\": {\"app_altered\": 3}}", "expected in findings.app_altered an action"),
            ("{\"findings\": {\"app_altered\": null}}", "expected in findings.app_altered an action"),
            ("{\"findings\": {\"app_altered\": {}}}", "findings.app_altered has no `action`"),
            (
                "{\"findings\": {\"app_altered\": {\"action\": 3}}}",
                "findings.app_altered.action: expected a text, found 3",
            ),
            (
                "{\"findings\": {\"app_altered\": {\"action\": \"annotate\", \"open\": \"yes\"}}}",
                "findings.app_altered.open: expected true or false",
            ),
            (
                "{\"findings\": {\"app_altered\": {\"action\": \"reject\", \"open\": true}}}",
                "`open` goes with the action `annotate` only",
            ),
            (
                "{\"findings\": {\"app_altered\": {\"action\": \"reject\", \"opn\": true}}}",
                "unknown member \"opn\" (one of action, open, platforms); did you mean \"open\"?",
            ),
            (
                "{\"findings\": {\"app_altered\": {\"action\": \"reject\", \"action\": \"ignore\"}}}",
                "findings.app_altered.action stands there twice",
            ),
            (
                "{\"findings\": {\"app_altered\": \"reject\", \"app_altered\": \"ignore\"}}",
                "findings.app_altered stands there twice",
            ),
            (
                "{\"findings\": {\"app_altered\": {\"action\": \"reject\", \"platforms\": {\"andriod\": \"ignore\"}}}}",
                "findings.app_altered.platforms: unknown platform \"andriod\" (one of android, ios, jvm, linux); did you mean \"android\"?",
            ),
            (
                "{\"findings\": {\"app_altered\": {\"action\": \"reject\", \"platforms\": {\"jvm\": \"ignore\", \"jvm\": \"reject\"}}}}",
                "findings.app_altered.platforms.jvm stands there twice",
            ),
            (
                "{\"findings\": {\"app_altered\": {\"action\": \"reject\", \"platforms\": {\"jvm\": {\"action\": \"ignore\", \"platforms\": {}}}}}}",
                "findings.app_altered.platforms.jvm: unknown member \"platforms\"",
            ),
            (
                "{\"findings\": {\"audience_unknown\": \"ignore\"}}",
                "findings.audience_unknown: this finding always rejects",
            ),
            (
                "{\"findings\": {\"key_level_too_low\": {\"action\": \"reject\", \"platforms\": {\"jvm\": \"annotate\"}}}}",
                "findings.key_level_too_low: this finding always rejects",
            ),
        ] {
            let said = error(text);
            assert!(said.contains(expected), "{text}\n  {said}\n  {expected}");
            if !text.is_empty() {
                assert!(said.contains(" at line "), "{said}");
            }
        }
    }

    #[test]
    fn what_is_read_is_stored_and_recalled_as_it_was() {
        let text = r#"{"findings": {
            "app_altered": {"action": "annotate", "open": true},
            "app_unmeasured": {"action": "reject", "platforms": {"linux": "ignore", "jvm": {"action": "annotate", "open": true}}},
            "audience_unknown": "reject",
            "core_unmeasured": {"action": "ignore"}}}"#;
        let read = Document::read(text.as_bytes()).unwrap().rules;
        // Frozen: what a database holds.
        let stored = to_json(&read).to_string();
        assert_eq!(
            stored,
            r#"{"findings":{"app_altered":{"action":"annotate","open":true},"app_unmeasured":{"action":"reject","platforms":{"jvm":{"action":"annotate","open":true},"linux":"ignore"}},"audience_unknown":"reject","core_unmeasured":"ignore"}}"#
        );
        assert_eq!(Document::recall(&stored).unwrap().rules, read);
        assert_eq!(Document::read(stored.as_bytes()).unwrap().rules, read);
        let effect = |finding, platform| read.effect(finding, Some(platform)).action;
        assert_eq!(effect(Finding::AppUnmeasured, Platform::Android), Action::Reject);
        assert_eq!(effect(Finding::AppUnmeasured, Platform::Jvm), Action::Annotate);
        assert_eq!(effect(Finding::AppUnmeasured, Platform::Linux), Action::Ignore);
    }

    #[test]
    fn what_a_later_version_stored_is_never_read_as_laxer_than_it_is() {
        let stored = r#"{"later": 1, "findings": {
            "moon_phase": "ignore",
            "app_altered": "quarantine",
            "app_retired": {"action": "ignore", "until": 5},
            "core_altered": {"action": "reject", "platforms": {"visionos": "ignore", "jvm": "quarantine"}},
            "key_level_too_low": "ignore",
            "developer_mode": "quarantine",
            "core_unmeasured": "ignore"}}"#;
        let rules = Document::recall(stored).unwrap().rules;
        for finding in Finding::ALL {
            let expected = match finding {
                Finding::CoreUnmeasured => Action::Ignore,
                Finding::DeveloperMode => Action::Reject,
                // Not named there, or one that always rejects.
                other => default_action(*other),
            };
            for platform in PLATFORMS {
                assert_eq!(rules.effect(*finding, Some(platform)).action, expected, "{finding:?} {platform:?}");
            }
        }
        assert!(Document::recall("no JSON").is_none());
        assert!(Document::recall("{}").is_none());
    }

    #[test]
    fn platforms_that_cannot_be_read_reject() {
        let stored = r#"{"findings": {"app_altered": {"action": "ignore", "platforms": [["android", "reject"]]}}}"#;
        let rules = Document::recall(stored).unwrap().rules;
        let effect = rules.effect(Finding::AppAltered, Some(Platform::Android)).action;
        assert_eq!(effect, Action::Reject, "a stored rule with a part that cannot be read rejects (docs/policy.md)");
    }

    #[test]
    fn bounds_of_evidence_that_cannot_be_read_are_not_dropped() {
        let stored = r#"{"findings": {}, "evidence": {"least_patch_level": "2025-04", "max_age": {"android_key": 60, "app_attest": "1h"}, "revocations_max_age": [], "not_before": "now"}}"#;
        let evidence = Document::recall(stored).unwrap().rules.evidence;
        let kind = bonafide_protocol::evidence::EvidenceKind::AndroidKey;
        assert!(evidence.least_patch_level.is_some(), "any patch level passes now");
        assert!(!evidence.counts(kind, 0, 61, false), "a minute became a week");
        assert_eq!((evidence.revocations_max_age, evidence.not_before), (300, u64::MAX));
        let whole = Document::recall(r#"{"findings": {}, "evidence": 7}"#).unwrap().rules.evidence;
        assert!(whole.least_patch_level.is_some() && whole.not_before == u64::MAX);
    }
}
