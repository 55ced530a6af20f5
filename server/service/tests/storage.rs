//! The data directory: set up once, sealed, and no number given twice.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::sync::Arc;

use bonafide_protocol::encoding::to_base64;
use bonafide_service::{KeyringError, RateLimit, ServiceError, init, serve};
use common::{Device, START, Service, Turned, answer_in_the_end, options, pin, settings};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};

async fn database(service: &Service) -> SqliteConnection {
    SqliteConnectOptions::new().filename(service.database()).connect().await.unwrap()
}

async fn start_again(service: &mut Service) -> Result<(), ServiceError> {
    if let Some(running) = service.running.take() {
        running.stop().await;
    }
    let settings = settings(service.directory.path(), service.clock.clone(), RateLimit::default());
    service.running = Some(serve(settings).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_set_up_once_and_for_its_owner_only() {
    let service = Service::new().await;
    let again = init(options(service.directory.path(), service.clock.clone())).await;
    assert!(matches!(again, Err(ServiceError::AlreadyInitialised { .. })));
    for file in ["master.key", "root.key", "operator.json", "bonafide.db"] {
        let mode = std::fs::metadata(service.directory.path().join(file)).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file}");
    }
    let operator = std::fs::read_to_string(service.directory.path().join("operator.json")).unwrap();
    assert!(operator.contains(&format!("http://{}", service.operator_address())), "{operator}");
}

#[tokio::test]
async fn options_that_nobody_can_run_with_leave_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let clock = Arc::new(Turned::at(START));
    let good = || options(&path, clock.clone());
    let mut wrong = Vec::new();
    for account in ["", "Acme", "a b", &"a".repeat(65), "acme/x"] {
        wrong.push(bonafide_service::InitOptions { account: account.to_owned(), ..good() });
    }
    for url in ["", "http://bonafide.acme.com", "bonafide.acme.com"] {
        wrong.push(bonafide_service::InitOptions { service_url: url.to_owned(), ..good() });
    }
    wrong.push(bonafide_service::InitOptions { service_pins: vec![pin(8), pin(8)], ..good() });
    wrong.push(bonafide_service::InitOptions { token_header: Some("Host".into()), ..good() });
    wrong.push(bonafide_service::InitOptions { master_key: Some("short".into()), ..good() });
    wrong.push(bonafide_service::InitOptions { database: Some("postgres://u:secret@h/d".into()), ..good() });
    for options in wrong {
        let error = init(options).await.unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        let left = std::fs::read_dir(&path).map(Iterator::count).unwrap_or(0);
        assert_eq!(left, 0, "{error}");
    }
    init(good()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_or_readable_master_key_and_a_tampered_blob_stop_the_start() {
    let mut service = Service::new().await;
    let path = service.directory.path().join("master.key");
    let right = std::fs::read(&path).unwrap();

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(start_again(&mut service).await, Err(ServiceError::KeyFileReadable { mode: 0o640, .. })));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();

    std::fs::write(&path, to_base64(&[7; 32])).unwrap();
    let wrong = start_again(&mut service).await;
    assert!(matches!(wrong, Err(ServiceError::Keyring(KeyringError::WrongMasterKey))), "{wrong:?}");
    std::fs::write(&path, "rubbish").unwrap();
    assert!(matches!(start_again(&mut service).await, Err(ServiceError::MalformedMasterKey { .. })));
    std::fs::write(&path, right).unwrap();

    // The decoy key's blob in the place of the token key's: each opens only where it belongs.
    let mut database = database(&service).await;
    sqlx::query(
        "UPDATE sealed_keys SET sealed = (SELECT sealed FROM sealed_keys WHERE purpose = 'decoy') \
         WHERE purpose = 'token'",
    )
    .execute(&mut database)
    .await
    .unwrap();
    let moved = start_again(&mut service).await;
    let altered =
        matches!(&moved, Err(ServiceError::Keyring(KeyringError::Altered { purpose, .. })) if purpose == "token");
    assert!(altered, "{moved:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_directory_or_with_a_taken_port_says_so() {
    let service = Service::new().await;
    let empty = tempfile::tempdir().unwrap();
    let nowhere = serve(settings(empty.path(), service.clock.clone(), RateLimit::default())).await;
    assert!(matches!(nowhere, Err(ServiceError::NotInitialised { .. })));
    let mut taken = settings(service.directory.path(), service.clock.clone(), RateLimit::default());
    taken.public_listen = service.public();
    let taken = serve(taken).await;
    assert!(matches!(taken, Err(ServiceError::PortTaken { listener: "public", .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_restored_from_a_backup_gives_no_number_twice() {
    let mut service = Service::new().await;
    service.running.take().unwrap().stop().await;
    let backup = std::fs::read(service.database()).unwrap();
    start_again(&mut service).await.unwrap();
    let mut given = Vec::new();
    let publish = async |service: &Service, given: &mut Vec<u64>| {
        let body = json!({ "pins": [pin(1), pin(2)] });
        let (_, answer) = service.operator("PUT", "/admin/v1/hosts/api.acme.com", Some(body)).await;
        given.push(answer.get("version").unwrap().as_u64().unwrap());
    };
    for _ in 0..3 {
        publish(&service, &mut given).await;
    }
    service.running.take().unwrap().stop().await;
    std::fs::write(service.database(), backup).unwrap();
    service.clock.advance(60);
    start_again(&mut service).await.unwrap();
    publish(&service, &mut given).await;
    assert!(given.is_sorted_by(|before, after| before < after), "{given:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn publishers_side_by_side_follow_each_other() {
    let service = Arc::new(Service::new().await);
    let calls: Vec<_> = (0..20)
        .map(|number| {
            let service = service.clone();
            tokio::spawn(async move {
                let url = format!("http://{}/admin/v1/hosts/h{number}.acme.com", service.operator_address());
                let body = json!({ "pins": [pin(1), pin(2)] });
                answer_in_the_end(service.http.put(url).bearer_auth(&service.token).json(&body)).await
            })
        })
        .collect();
    let mut versions = std::collections::BTreeSet::new();
    for call in calls {
        let (status, answer) = call.await.unwrap();
        assert_eq!(status, StatusCode::OK, "{answer}");
        versions.insert(answer.get("version").unwrap().as_u64().unwrap());
    }
    assert_eq!(versions.len(), 20);
    let (_, live) = service.operator("GET", "/admin/v1/config", None).await;
    assert_eq!(live.pointer("/content/hosts").unwrap().as_array().unwrap().len(), 20, "no change was lost");
    assert_eq!(live.pointer("/content/version").unwrap().as_u64(), versions.last().copied());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_refuses_for_now_and_forgets_nothing() {
    let service = Service::ready().await;
    let device = Device::new();
    let body = device.request(&service.challenge().await);
    let mut other = database(&service).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();

    let response =
        service.http.post(format!("http://{}/v1/tokens", service.public())).body(body.clone()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    // What writes nothing goes on.
    assert_eq!(service.get("/v1/config?account=acme&epoch=0&version=0").await.0, StatusCode::OK);
    let entry = json!({ "pins": [pin(1), pin(2)] });
    let (status, _) = service.operator("PUT", "/admin/v1/hosts/x.acme.com", Some(entry)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);

    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(service.post("/v1/tokens", body).await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spending_that_could_not_be_written_gives_no_token() {
    let service = Service::ready().await;
    let body = Device::new().request(&service.challenge().await);
    let mut other = database(&service).await;
    sqlx::query("CREATE TRIGGER refuse BEFORE INSERT ON spent_challenges BEGIN SELECT RAISE(ABORT, 'no'); END")
        .execute(&mut other)
        .await
        .unwrap();
    let (status, answer) = service.post("/v1/tokens", body.clone()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    assert_eq!(answer.get("token"), None);
    sqlx::query("DROP TRIGGER refuse").execute(&mut other).await.unwrap();
    assert_eq!(service.post("/v1/tokens", body).await.0, StatusCode::OK);
}
