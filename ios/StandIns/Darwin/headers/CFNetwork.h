#pragma once
#include "CoreFoundation.h"

ASSUME_NONNULL_BEGIN
// Not audited: Swift gets an Unmanaged.
extern CFDictionaryRef _Nullable CFNetworkCopySystemProxySettings(void);
ASSUME_NONNULL_END
