//! An authorization list: what a key may do and what is known about it, by tag.

use der::asn1::AnyRef;
use der::{Decode as _, Reader as _, Tag, Tagged as _};
use serde::Serialize;

use super::value::{ApplicationId, Bytes, Flag, Number, Numbers, Origin, Problem, RootOfTrust, Value, inside};

/// A tag that this version does not know, kept as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownTag {
    /// The tag's number.
    pub tag: u32,
    /// The DER inside of it, which is not looked into.
    pub value: Bytes,
}

/// Makes the list and its reader from one table of tag, field and type.
macro_rules! authorization_list {
    ($($tag:literal $field:ident: $kind:ty, $meaning:literal;)+) => {
        /// The authorizations that one part of the phone enforces, named as Google's tools name them. What is absent
        /// is `None`.
        ///
        /// Numbers are those of KeyMint's `Tag`, `KeyPurpose`, `Algorithm`, `Digest` and so on
        /// (<https://source.android.com/docs/security/features/keystore/attestation#authorizationlist-fields>).
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub struct AuthorizationList {
            $(
                #[doc = concat!("Tag ", $tag, ": ", $meaning, ".")]
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$kind>,
            )+
            /// Tags that this version does not know.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub unknown_tags: Vec<UnknownTag>,
        }

        impl AuthorizationList {
            /// Puts what stands behind `tag` in its place.
            fn put(&mut self, tag: u32, value: AnyRef<'_>, raw: &[u8]) -> Result<(), (&'static str, Problem)> {
                match tag {
                    $($tag => {
                        self.$field = Some(<$kind>::read(value).map_err(|problem| (stringify!($field), problem))?);
                    })+
                    _ => self.unknown_tags.push(UnknownTag { tag, value: Bytes(raw.to_vec()) }),
                }
                Ok(())
            }
        }
    };
}

authorization_list! {
    1 purposes: Numbers, "what the key may be used for; 2 is to sign, 3 to verify";
    2 algorithms: Number, "the algorithm; 1 is RSA, 3 elliptic curves";
    3 key_size: Number, "the key's size in bits";
    4 block_modes: Numbers, "block cipher modes";
    5 digests: Numbers, "digests that it may be used with; 4 is SHA-256";
    6 paddings: Numbers, "padding modes";
    10 ec_curve: Number, "the curve; 1 is P-256";
    11 ml_dsa_variant: Number, "the variant of ML-DSA; after attestation version 400";
    200 rsa_public_exponent: Number, "the public exponent";
    203 rsa_oaep_mgf_digests: Numbers, "digests for the mask generation of OAEP";
    303 rollback_resistance: Flag, "a deleted key stays deleted";
    305 early_boot_only: Flag, "usable during early boot only";
    400 active_date_time: Number, "usable from then on, in milliseconds since 1970";
    401 origination_expire_date_time: Number, "until then it makes signatures, in milliseconds since 1970";
    402 usage_expire_date_time: Number, "until then it is usable, in milliseconds since 1970";
    405 usage_count_limit: Number, "how often it may be used";
    502 user_secure_id: Number, "the secure user that it is bound to";
    503 no_auth_required: Flag, "usable without the user's authentication";
    504 user_auth_type: Number, "the kinds of authentication, as bits";
    505 auth_timeout: Number, "how long an authentication lasts, in seconds";
    506 allow_while_on_body: Flag, "usable as long as the phone is worn";
    507 trusted_user_presence_required: Flag, "needs proof that the user is present";
    508 trusted_confirmation_required: Flag, "needs the user's confirmation of the signed data";
    509 unlocked_device_required: Flag, "usable while the phone is unlocked only";
    600 all_applications: Flag, "every app on the phone may use it";
    601 application_id: Bytes, "the app that may use it, as its owner named it";
    701 creation_date_time: Number, "when it was made, in milliseconds since 1970, by the phone's clock";
    702 origin: Origin, "where it comes from";
    703 rollback_resistant: Flag, "a deleted key stays deleted; attestation versions 1 and 2";
    704 root_of_trust: RootOfTrust, "how the phone booted";
    705 os_version: Number, "the system's version, two digits each for major, minor and sub-minor";
    706 os_patch_level: Number, "the system's patch level, YYYYMM";
    709 attestation_application_id: ApplicationId, "which app asked for the key";
    710 attestation_id_brand: String, "the brand";
    711 attestation_id_device: String, "the device";
    712 attestation_id_product: String, "the product";
    713 attestation_id_serial: String, "the phone's serial number";
    714 attestation_id_imei: String, "its IMEI";
    715 attestation_id_meid: String, "its MEID";
    716 attestation_id_manufacturer: String, "its manufacturer";
    717 attestation_id_model: String, "its model";
    718 vendor_patch_level: Number, "the vendor image's patch level, YYYYMMDD or YYYYMM";
    719 boot_patch_level: Number, "the kernel image's patch level, YYYYMMDD or YYYYMM";
    720 device_unique_attestation: Flag, "signed by a key of this phone alone";
    721 identity_credential_key: Flag, "a key of the identity credential system";
    723 attestation_id_second_imei: String, "the IMEI of the second radio";
    724 module_hash: Bytes, "the digest over the installed APEX modules";
}

impl AuthorizationList {
    /// Reads a list, whose tags have to rise. The error names the field, or is about the list itself.
    pub(super) fn read(any: AnyRef<'_>) -> Result<Self, (&'static str, Problem)> {
        let whole = |problem| (LIST, problem);
        let mut reader = inside(any, Tag::Sequence).map_err(whole)?;
        let mut list = Self::default();
        let mut previous = None;
        while !reader.is_finished() {
            let element = AnyRef::decode(&mut reader).map_err(|error| whole(error.into()))?;
            let Tag::ContextSpecific { constructed: true, number } = element.tag() else {
                return Err(whole(Problem::NotTagged));
            };
            let tag = number.value();
            match previous {
                Some(before) if before == tag => return Err(whole(Problem::DuplicateTag { tag })),
                Some(before) if before > tag => return Err(whole(Problem::TagOrder { previous: before, tag })),
                _ => previous = Some(tag),
            }
            let value = AnyRef::from_der(element.value()).map_err(|error| whole(error.into()))?;
            list.put(tag, value, element.value())?;
        }
        Ok(list)
    }
}

/// The field's name in errors about the list itself.
const LIST: &str = "list";
