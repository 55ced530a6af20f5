/// System properties (Android's `getprop`, iOS's `sysctl`), as measurement reads them. May block.
///
/// Names that begin with `bonafide.` are no properties of the system: the platform answers them from its own API.
/// `bonafide.data_dir` is the folder of the app's data, `bonafide.developer_options` and `bonafide.adb` are `1` where
/// the user has switched these on, and `0` where not.
pub trait Properties: Send + Sync {
    /// The value; `None` where the platform has no such property.
    fn property(&self, name: &str) -> Option<String>;
}
