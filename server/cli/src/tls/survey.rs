//! All that a host serves: at every address, for either type of key, each chain once.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use bonafide_protocol::pin::Pin;
use bonafide_service::look::{LookError, ProbeError, look};
use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure, Outcome};
use crate::out::Out;
use crate::tls::certificate::{Row, chain_table};
use crate::tls::roots::Roots;
use crate::tls::target::Target;
use crate::tls::validate::{ChainRefusal, validated};

/// One chain and where it is served.
pub(crate) struct Served {
    pub(crate) addresses: Vec<SocketAddr>,
    presented: Vec<CertificateDer<'static>>,
    /// The validated path, or why there is none.
    pub(crate) path: Result<Vec<Row>, ChainRefusal>,
}

/// What was seen of a host.
pub(crate) struct Survey {
    pub(crate) target: Target,
    pub(crate) served: Vec<Served>,
    /// Addresses that gave no chain, and why.
    pub(crate) silent: Vec<(SocketAddr, ProbeError)>,
}

/// Connects to every address of the host, with elliptic and with RSA keys only.
pub(crate) async fn survey(target: &Target, roots: &Roots, out: Out) -> Outcome<Survey> {
    let _spinner = out.spin(format!("connecting to {target}"));
    let mut found = Survey { target: target.clone(), served: Vec::new(), silent: Vec::new() };
    for shown in look(&target.host, target.port).await.map_err(unseen)? {
        match shown.chain {
            Ok(chain) => found.note(shown.address, chain, roots)?,
            // Said once of an address, and only if it shows no chain of the other kind either.
            Err(error) if !found.silent.iter().any(|(address, _)| *address == shown.address) => {
                found.silent.push((shown.address, error));
            }
            Err(_) => {}
        }
    }
    let Survey { served, silent, .. } = &mut found;
    silent.retain(|(address, _)| !served.iter().any(|served| served.addresses.contains(address)));
    if found.served.is_empty() {
        let why: Vec<String> = found.silent.iter().map(|(address, error)| format!("{address}: {error}")).collect();
        return Err(Failure::io(format!("{target} cannot be reached"), &why.join("; "))
            .next("check that the server runs and that this machine may connect to it"));
    }
    Ok(found)
}

impl Survey {
    fn note(&mut self, address: SocketAddr, presented: Vec<CertificateDer<'static>>, roots: &Roots) -> Outcome {
        if let Some(known) = self.served.iter_mut().find(|served| served.presented == presented) {
            if !known.addresses.contains(&address) {
                known.addresses.push(address);
            }
            return Ok(());
        }
        let path = match validated(&self.target.host, &presented, roots, UnixTime::now()) {
            Ok(chain) => Ok(chain.iter().map(|der| Row::read(der)).collect::<Outcome<Vec<_>>>()?),
            Err(refusal) => Err(refusal),
        };
        self.served.push(Served { addresses: vec![address], presented, path });
        Ok(())
    }

    /// The valid paths; a failure with the reason if one of the chains has none.
    pub(crate) fn valid(&self) -> Outcome<Vec<&[Row]>> {
        let mut paths = Vec::new();
        for served in &self.served {
            match &served.path {
                Ok(rows) => paths.push(rows.as_slice()),
                Err(refusal) => {
                    let next = match refusal {
                        ChainRefusal::SelfSigned { .. } | ChainRefusal::UnknownIssuer { .. } => {
                            "if this is your own CA, name it with --ca FILE; if not, somebody intercepts this machine"
                        }
                        _ => "let the server serve a valid chain, then run this again",
                    };
                    return Err(Failure::refused(format!("{}: the chain is not valid: {refusal}", self.target))
                        .next(next)
                        .facts(json!({"reason": refusal.code(), "presented": served.presented_json()})));
                }
            }
        }
        Ok(paths)
    }

    /// The pins of each valid path, leaf first.
    pub(crate) fn pin_chains(&self) -> Vec<Vec<Pin>> {
        self.served
            .iter()
            .flat_map(|served| &served.path)
            .map(|rows| rows.iter().map(|row| row.pin).collect())
            .collect()
    }

    /// The pins of the presented leaves, each once, sorted.
    pub(crate) fn leaf_pins(&self) -> BTreeSet<Pin> {
        let leaves = self.served.iter().filter_map(|served| served.presented.first());
        leaves.filter_map(|leaf| Pin::of_certificate(leaf).ok()).collect()
    }

    /// The chains as tables, with where they are served.
    pub(crate) fn describe(&self) -> String {
        let mut text = String::new();
        for served in &self.served {
            let addresses: Vec<String> = served.addresses.iter().map(ToString::to_string).collect();
            text.push_str(&format!("{} at {}\n", self.target, addresses.join(", ")));
            text.push_str(&match &served.path {
                Ok(rows) => chain_table(rows),
                Err(refusal) => format!("not valid: {refusal}\n{}", chain_table(&served.rows())),
            });
            text.push_str("\n\n");
        }
        for (address, error) in &self.silent {
            text.push_str(&format!("warning: {address} gave no chain: {error}\n"));
        }
        text
    }

    pub(crate) fn to_json(&self) -> Value {
        let served: Vec<Value> = self.served.iter().map(Served::to_json).collect();
        let silent: Vec<Value> = self
            .silent
            .iter()
            .map(|(address, error)| json!({"address": address.to_string(), "error": error.to_string()}))
            .collect();
        json!({"host": self.target.host.to_string(), "port": self.target.port, "served": served, "silent": silent})
    }

    /// How an unreachable rest of the addresses is to be taken.
    pub(crate) fn exit(&self) -> Option<Exit> {
        self.served.iter().any(|served| served.path.is_err()).then_some(Exit::Refused)
    }
}

impl Served {
    /// Every presented certificate, whether or not it plays a part in a valid path.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.presented.iter().filter_map(|der| Row::read(der).ok()).collect()
    }

    fn presented_json(&self) -> Value {
        self.rows().iter().map(Row::to_json).collect()
    }

    fn to_json(&self) -> Value {
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        let (valid, reason, chain) = match &self.path {
            Ok(rows) => (true, None, rows.iter().map(Row::to_json).collect()),
            Err(refusal) => (false, Some(refusal.code()), self.presented_json()),
        };
        json!({"addresses": addresses, "valid": valid, "reason": reason, "chain": chain})
    }
}

fn unseen(error: LookError) -> Failure {
    let next = match error {
        LookError::Unresolved { .. } => "check the name and this machine's DNS",
        _ => "name one of its addresses",
    };
    Failure::new(Exit::Unreachable, error.to_string()).next(next)
}
