//! Reports of pin mismatches: signed, capped, for known hosts only, harmless to look at.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bonafide_protocol::message::{REPORT_TYPE, TOKEN_REQUEST_TYPE};
use common::{ACCOUNT, Device, START, Service, pin};
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

fn report(host: &str) -> Value {
    json!({ "account": ACCOUNT, "time": START, "host": host, "served": [pin(7)], "epoch": 1, "version": START,
        "app": { "platform": "jvm", "id": "com.acme.app\u{1b}[2J", "version": "1.0" },
        "sdk_version": "0.1.0", "enforced": true })
}

async fn stored(service: &Service) -> Vec<Value> {
    service.operator("GET", "/admin/v1/reports?limit=1000", None).await.1.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_signed_reports_on_known_hosts_are_kept_and_each_key_has_its_share() {
    let service = Service::ready().await;
    let device = Device::new();
    let unsigned = device.sign(TOKEN_REQUEST_TYPE, &report("api.acme.com"));
    assert_eq!(service.post("/v1/reports", unsigned).await.0.as_u16(), 400);
    assert_eq!(service.post("/v1/reports", "x".repeat(20_000)).await.0.as_u16(), 413);
    let mut long = report("api.acme.com");
    long.as_object_mut().unwrap().insert("served".into(), json!(vec![pin(1); 21]));
    assert_eq!(service.post("/v1/reports", device.sign(REPORT_TYPE, &long)).await.0.as_u16(), 400);
    for (member, length) in [("/app/id", 201), ("/app/version", 201), ("/sdk_version", 201), ("/host", 255)] {
        let mut wordy = report("api.acme.com");
        *wordy.pointer_mut(member).unwrap() = json!("x".repeat(length));
        assert_eq!(service.post("/v1/reports", device.sign(REPORT_TYPE, &wordy)).await.0.as_u16(), 400, "{member}");
    }
    for foreign in ["evil.example", "not a host", ""] {
        let status = service.post("/v1/reports", device.sign(REPORT_TYPE, &report(foreign))).await.0;
        assert_eq!(status.as_u16(), 202, "whether a host is known is not told");
    }
    assert_eq!(stored(&service).await.len(), 0);

    for host in ["api.acme.com", "bonafide.acme.com"] {
        assert_eq!(service.post("/v1/reports", device.sign(REPORT_TYPE, &report(host))).await.0.as_u16(), 202);
    }
    let kept = stored(&service).await;
    assert_eq!(kept.len(), 2);
    let newest = kept.first().unwrap();
    assert_eq!(newest.get("host").unwrap(), "bonafide.acme.com");
    assert_eq!(newest.get("served").unwrap(), &json!([pin(7)]));
    assert_eq!(newest.pointer("/app/id").unwrap(), "com.acme.app\\u{1b}[2J");

    for _ in 0..30 {
        assert_eq!(
            service.post("/v1/reports", device.sign(REPORT_TYPE, &report("api.acme.com"))).await.0.as_u16(),
            202
        );
    }
    assert_eq!(stored(&service).await.len(), 20, "the key's share of a day");
    service.clock.advance(24 * 60 * 60 + 1);
    service.post("/v1/reports", device.sign(REPORT_TYPE, &report("api.acme.com"))).await;
    assert_eq!(stored(&service).await.len(), 21);
}

/// Puts reports by as many keys into the database.
async fn flood(service: &Service, count: u32) {
    let mut connection = SqliteConnectOptions::new().filename(service.database()).connect().await.unwrap();
    sqlx::query(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1) \
         INSERT INTO reports SELECT '0' || n, $2, $3, 'key' || n, '{}' FROM numbers",
    )
    .bind(count)
    .bind(ACCOUNT)
    .bind(i64::try_from(START).unwrap())
    .execute(&mut connection)
    .await
    .unwrap();
}

/// Whether a report by this device is stored; the answer is always the same.
async fn takes(service: &Service, device: &Device) -> bool {
    let before = newest(service).await;
    let status = service.post("/v1/reports", device.sign(REPORT_TYPE, &report("api.acme.com"))).await.0;
    assert_eq!(status.as_u16(), 202);
    newest(service).await != before
}

async fn newest(service: &Service) -> String {
    let mut connection = SqliteConnectOptions::new().filename(service.database()).connect().await.unwrap();
    sqlx::query_scalar("SELECT MAX(id) || COUNT(*) FROM reports").fetch_one(&mut connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_without_an_installation_share_a_small_part() {
    let mut service = Service::ready().await;
    flood(&service, 999).await;
    let (honest, early) = (Device::new(), Device::new());
    assert!(takes(&service, &early).await, "before its first token, and the last of the share");
    assert!(!takes(&service, &Device::new()).await, "the share is used up");
    assert!(!takes(&service, &honest).await, "not yet an installation");
    service.pass(&honest).await;
    assert!(takes(&service, &honest).await);
    service.restart().await;
    assert!(!takes(&service, &Device::new()).await, "a restart forgets no count");
    assert!(takes(&service, &honest).await);
    service.clock.advance(24 * 60 * 60 + 1);
    assert!(takes(&service, &Device::new()).await, "the next day");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_keys_together_have_their_share_of_a_day() {
    let service = Service::ready().await;
    let device = Device::new();
    service.pass(&device).await;
    flood(&service, 10_000).await;
    assert!(!takes(&service, &device).await);
    service.clock.advance(24 * 60 * 60 + 1);
    assert!(takes(&service, &device).await);
}
