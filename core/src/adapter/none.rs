//! Adapters for what a platform does not have.

use std::io;

use bonafide_protocol::evidence::{Evidence, EvidenceKind};

use crate::port::{
    Connection, Connectivity, EvidenceFailure, EvidenceProvider, EvidenceRequest, Image, Images, Observer, Processes,
    Properties,
};

/// A platform that attests nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvidence;

impl EvidenceProvider for NoEvidence {
    fn kind(&self) -> Option<EvidenceKind> {
        None
    }

    fn evidence(&self, _request: &EvidenceRequest) -> Result<Evidence, EvidenceFailure> {
        Err(EvidenceFailure::Unsupported { why: "this platform attests nothing".into() })
    }
}

/// A platform without system properties.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProperties;

impl Properties for NoProperties {
    fn property(&self, _name: &str) -> Option<String> {
        None
    }
}

/// A platform that shows no processes.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProcesses;

impl Processes for NoProcesses {
    fn names(&self) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn is_traced(&self) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A platform that shows what it has loaded by other means.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoImages;

impl Images for NoImages {
    fn executable(&self) -> io::Result<Image> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn paths(&self) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn holding(&self, _address: u64) -> io::Result<Image> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A platform that says nothing of the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnknownConnectivity;

impl Connectivity for UnknownConnectivity {
    fn connection(&self) -> Connection {
        Connection::Unknown
    }
}

/// Nobody who wants to be told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
