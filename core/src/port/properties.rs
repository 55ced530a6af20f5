/// System properties (Android's `getprop`, iOS's `sysctl`), as measurement reads them. May block.
pub trait Properties: Send + Sync {
    /// The value; `None` where the platform has no such property.
    fn property(&self, name: &str) -> Option<String>;
}
