#pragma once
#include "CoreFoundation.h"

typedef const struct __attribute__((objc_bridge(id))) __SecAccessControl *SecAccessControlRef;
typedef struct __attribute__((objc_bridge(id))) __SecCertificate *SecCertificateRef;
typedef struct __attribute__((objc_bridge(id))) __SecKey *SecKeyRef;
typedef struct __attribute__((objc_bridge(id))) __SecPolicy *SecPolicyRef;
typedef struct __attribute__((objc_bridge(id))) __SecTrust *SecTrustRef;
typedef CFStringRef SecKeyAlgorithm __attribute__((swift_wrapper(enum)));

#include "SecurityOfApple.h"
