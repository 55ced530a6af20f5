//! A described phone: a key store that attests what it makes, with chains of its own root, and a provider of evidence.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bonafide_attestation::android_key::Roots;
use bonafide_core::port::{
    Candidate, EvidenceFailure, EvidenceProvider, EvidenceRequest, InstallKey, KeyFailure, KeyHandle, KeyLevel,
};
use bonafide_core::protocol::encoding::Sha256;
use bonafide_core::protocol::evidence::{Evidence, EvidenceKind, Octets};
use bonafide_core::protocol::jwk::PublicKey;
use bonafide_core::protocol::key::P256Key;
use bonafide_forge::android_key::description::Description;
use bonafide_forge::android_key::forge::{Forge, p256_info};

/// What the key store does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    Make,
    SignWithCandidate,
    Adopt,
}

/// What a platform's call waits at while it is shut.
#[derive(Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

/// A gate that is shut; opened when this is dropped.
pub struct Shut(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    #[must_use]
    pub fn shut(&self) -> Shut {
        *self.0.0.lock().unwrap() = true;
        Shut(Arc::clone(&self.0))
    }

    fn pass(&self) {
        let (shut, opened) = &*self.0;
        drop(opened.wait_while(shut.lock().unwrap(), |shut| *shut).unwrap());
    }
}

impl Drop for Shut {
    fn drop(&mut self) {
        let (shut, opened) = &*self.0;
        *shut.lock().unwrap() = false;
        opened.notify_all();
    }
}

/// A key store as Android's.
pub struct AttestingKey {
    forge: Mutex<Forge>,
    key: Mutex<Option<Arc<P256Key>>>,
    candidate: Mutex<Option<Arc<P256Key>>>,
    pub faults: Mutex<HashSet<Fault>>,
    pub made: Mutex<usize>,
    /// Of those, how many have ended.
    pub ended: Mutex<usize>,
    /// Where each making waits.
    pub gate: Gate,
}

impl AttestingKey {
    pub fn new() -> Self {
        Self {
            forge: Mutex::new(Forge::remote()),
            key: Mutex::default(),
            candidate: Mutex::default(),
            faults: Mutex::default(),
            made: Mutex::default(),
            ended: Mutex::default(),
            gate: Gate::default(),
        }
    }

    pub fn roots(&self) -> Roots {
        self.forge.lock().unwrap().roots()
    }

    /// The key in use.
    pub fn public(&self) -> Option<PublicKey> {
        self.key.lock().unwrap().as_ref().map(|key| key.public_key().unwrap())
    }

    pub fn has_candidate(&self) -> bool {
        self.candidate.lock().unwrap().is_some()
    }

    pub fn fail_at(&self, faults: impl IntoIterator<Item = Fault>) {
        *self.faults.lock().unwrap() = faults.into_iter().collect();
    }

    fn check(&self, fault: Fault) -> Result<(), KeyFailure> {
        match self.faults.lock().unwrap().contains(&fault) {
            // The worst that a platform can say: of a candidate it is no reason to touch the key in use.
            true => Err(KeyFailure::Lost { why: format!("scripted: {fault:?}") }),
            false => Ok(()),
        }
    }

    fn handle(key: &P256Key) -> KeyHandle {
        KeyHandle { public: key.public_key().unwrap(), level: KeyLevel::Hardware }
    }
}

impl InstallKey for AttestingKey {
    fn load_or_create(&self) -> Result<KeyHandle, KeyFailure> {
        let mut key = self.key.lock().unwrap();
        let key = key.get_or_insert_with(|| Arc::new(P256Key::generate().unwrap()));
        Ok(Self::handle(key))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        Ok(self.key.lock().unwrap().as_ref().unwrap().sign(message).unwrap())
    }

    fn reset(&self) -> Result<(), KeyFailure> {
        *self.key.lock().unwrap() = None;
        Ok(())
    }

    fn attests(&self) -> bool {
        true
    }

    fn load(&self) -> Result<Option<KeyHandle>, KeyFailure> {
        Ok(self.key.lock().unwrap().as_ref().map(|key| Self::handle(key)))
    }

    fn make_candidate(&self, challenge: &Sha256) -> Result<Candidate, KeyFailure> {
        self.check(Fault::Make)?;
        *self.made.lock().unwrap() += 1;
        // As Android's: while the first key is made, nobody learns whether there is one.
        let in_use = self.key.lock().unwrap();
        let locked = in_use.is_none().then_some(in_use);
        self.gate.pass();
        drop(locked);
        let key = Arc::new(P256Key::generate().unwrap());
        let handle = Self::handle(&key);
        let PublicKey::P256 { x, y } = &handle.public else { unreachable!() };
        let mut forge = self.forge.lock().unwrap();
        forge.description = Some(Description::healthy(challenge));
        let leaf = forge.draft(0);
        leaf.public_key = Some(p256_info(&[&[4][..], x, y].concat()));
        leaf.extensions.clear();
        *self.candidate.lock().unwrap() = Some(key);
        let chain = forge.chain();
        *self.ended.lock().unwrap() += 1;
        Ok(Candidate { key: handle, chain })
    }

    fn sign_with_candidate(&self, message: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        self.check(Fault::SignWithCandidate)?;
        Ok(self.candidate.lock().unwrap().as_ref().unwrap().sign(message).unwrap())
    }

    fn adopt_candidate(&self, candidate: &PublicKey) -> Result<(), KeyFailure> {
        self.check(Fault::Adopt)?;
        let there = self.candidate.lock().unwrap().as_ref().map(|key| key.public_key().unwrap());
        if there.as_ref() != Some(candidate) {
            return Err(KeyFailure::Failed { why: "another candidate is there".into() });
        }
        *self.key.lock().unwrap() = self.candidate.lock().unwrap().take();
        Ok(())
    }

    fn drop_candidate(&self) -> Result<(), KeyFailure> {
        *self.candidate.lock().unwrap() = None;
        Ok(())
    }
}

/// A provider as App Attest's, which remembers what it was asked for.
#[derive(Default)]
pub struct ScriptedProvider {
    pub asked: Mutex<Vec<EvidenceRequest>>,
    /// How many of these calls have passed the gate.
    pub passed: Mutex<usize>,
    pub unavailable: Mutex<bool>,
    pub unsupported: Mutex<bool>,
    /// It has no key to assert with.
    pub lost: Mutex<bool>,
    /// How long each answer takes.
    pub takes: Mutex<Duration>,
    /// Where each answer waits.
    pub gate: Gate,
}

impl EvidenceProvider for ScriptedProvider {
    fn kind(&self) -> Option<EvidenceKind> {
        Some(EvidenceKind::AppAttest)
    }

    fn evidence(&self, request: &EvidenceRequest) -> Result<Evidence, EvidenceFailure> {
        self.asked.lock().unwrap().push(request.clone());
        let takes = *self.takes.lock().unwrap();
        #[expect(clippy::disallowed_methods, reason = "a platform blocks, and the port may")]
        std::thread::sleep(takes);
        self.gate.pass();
        *self.passed.lock().unwrap() += 1;
        if *self.unavailable.lock().unwrap() {
            return Err(EvidenceFailure::Unavailable { why: "scripted".into() });
        }
        if *self.unsupported.lock().unwrap() {
            return Err(EvidenceFailure::Unsupported { why: "scripted".into() });
        }
        if *self.lost.lock().unwrap() && !request.anew {
            return Err(EvidenceFailure::Lost { why: "scripted".into() });
        }
        let statement = Some(Octets(request.bound_hash.to_vec()));
        let (attestation, assertion) = if request.anew { (statement, None) } else { (None, statement) };
        Ok(Evidence::AppAttest { key_id: Octets(vec![7; 32]), attestation, assertion })
    }
}
