//! Key descriptions to order.

use super::der::{boolean, enumerated, explicit, integer, integers, null, octets, sequence, set};

/// An authorization list: DER values by tag, in the order in which they are written.
pub type List = Vec<(u32, Vec<u8>)>;

/// A key description, each part as the DER that is written.
#[derive(Clone)]
pub struct Description {
    pub version: Vec<u8>,
    pub level: Vec<u8>,
    pub key_mint_version: Vec<u8>,
    pub key_mint_level: Vec<u8>,
    pub challenge: Vec<u8>,
    pub unique_id: Vec<u8>,
    pub software: List,
    pub hardware: List,
    /// Written after the lists, inside of the description.
    pub more: Vec<u8>,
    /// Changes the finished description.
    pub spoil: Option<fn(&mut Vec<u8>)>,
}

impl Description {
    /// What a healthy phone says about a key that was made for `challenge`.
    pub fn healthy(challenge: &[u8]) -> Self {
        let package = sequence(&[octets(b"com.acme.app"), integer(7)]);
        let app = sequence(&[set(&[package]), set(&[octets(&[0xaa; 32])])]);
        let boot = sequence(&[octets(&[0x11; 32]), boolean(true), enumerated(0), octets(&[0x22; 32])]);
        Self {
            version: integer(300),
            level: enumerated(1),
            key_mint_version: integer(300),
            key_mint_level: enumerated(1),
            challenge: octets(challenge),
            unique_id: octets(b""),
            software: vec![(701, integer(1_700_000_000_000)), (709, octets(&app))],
            hardware: vec![
                (1, integers(&[2])),
                (2, integer(3)),
                (3, integer(256)),
                (5, integers(&[4])),
                (10, integer(1)),
                (503, null()),
                (702, integer(0)),
                (704, boot),
                (705, integer(140_000)),
                (706, integer(202_408)),
            ],
            more: Vec::new(),
            spoil: None,
        }
    }

    /// Puts another value behind a tag of the hardware's list.
    pub fn hardware(&mut self, tag: u32, value: Vec<u8>) {
        let place = self.hardware.partition_point(|(present, _)| *present < tag);
        self.hardware.retain(|(present, _)| *present != tag);
        self.hardware.insert(place, (tag, value));
    }

    pub fn to_der(&self) -> Vec<u8> {
        let list = |list: &List| sequence(&list.iter().map(|(tag, value)| explicit(*tag, value)).collect::<Vec<_>>());
        let mut whole = sequence(&[
            self.version.clone(),
            self.level.clone(),
            self.key_mint_version.clone(),
            self.key_mint_level.clone(),
            self.challenge.clone(),
            self.unique_id.clone(),
            list(&self.software),
            list(&self.hardware),
            self.more.clone(),
        ]);
        if let Some(spoil) = self.spoil {
            spoil(&mut whole);
        }
        whole
    }
}
