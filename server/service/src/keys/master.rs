//! Where the master key comes from: a file of mode 0600, or `BONAFIDE_MASTER_KEY`.

use std::path::Path;

use bonafide_protocol::encoding::{from_base64, from_base64url, to_base64};
use ring::rand::{SecureRandom as _, SystemRandom};

use super::{MasterKey, SealError};
use crate::error::ServiceError;
use crate::files::write_private;

/// The file's name in the data directory.
pub(crate) const MASTER_KEY_FILE: &str = "master.key";

/// A new master key, or the one that was given; only a new one is written to the data directory.
pub(crate) fn create_master_key(data_dir: &Path, given: Option<&str>) -> Result<MasterKey, ServiceError> {
    if let Some(text) = given {
        return parse(text, "BONAFIDE_MASTER_KEY");
    }
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SealError::Random)?;
    let path = data_dir.join(MASTER_KEY_FILE);
    write_private(&path, format!("{}\n", to_base64(&bytes)).as_bytes())?;
    Ok(MasterKey::from_bytes(&bytes)?)
}

/// The master key that was given, or the file's. A file that others can read is refused.
pub(crate) fn load_master_key(data_dir: &Path, given: Option<&str>) -> Result<MasterKey, ServiceError> {
    if let Some(text) = given {
        return parse(text, "BONAFIDE_MASTER_KEY");
    }
    let path = data_dir.join(MASTER_KEY_FILE);
    let text = std::fs::read_to_string(&path).map_err(|source| ServiceError::File {
        doing: "read",
        path: path.clone(),
        source,
    })?;
    crate::files::refuse_if_others_can_read(&path)?;
    parse(text.trim(), &path.display().to_string())
}

fn parse(text: &str, place: &str) -> Result<MasterKey, ServiceError> {
    let text = text.trim();
    let bytes = from_base64(text)
        .or_else(|| from_base64url(text))
        .and_then(|raw| <[u8; 32]>::try_from(raw).ok())
        .ok_or_else(|| ServiceError::MalformedMasterKey { place: place.to_owned() })?;
    Ok(MasterKey::from_bytes(&bytes)?)
}
