#pragma once
#include "ObjectiveC.h"

typedef const void *CFTypeRef;
typedef unsigned long CFOptionFlags;
typedef int OSStatus;
typedef const struct __attribute__((objc_bridge(id))) __CFAllocator *CFAllocatorRef;
typedef const struct __attribute__((objc_bridge(NSArray))) __CFArray *CFArrayRef;
typedef const struct __attribute__((objc_bridge(NSData))) __CFData *CFDataRef;
typedef const struct __attribute__((objc_bridge(NSDictionary))) __CFDictionary *CFDictionaryRef;
typedef const struct __attribute__((objc_bridge(NSString))) __CFString *CFStringRef;
typedef struct __attribute__((objc_bridge(NSError))) __CFError *CFErrorRef;

// What is called Create or Copy gives away what it returns.
#define AUDITED_BEGIN _Pragma("clang arc_cf_code_audited begin") ASSUME_NONNULL_BEGIN
#define AUDITED_END ASSUME_NONNULL_END _Pragma("clang arc_cf_code_audited end")
