// NSObject, and how Apple's headers say to Swift what C cannot.
#pragma once
#define ASSUME_NONNULL_BEGIN _Pragma("clang assume_nonnull begin")
#define ASSUME_NONNULL_END _Pragma("clang assume_nonnull end")
// NS_SWIFT_SENDABLE, NS_SWIFT_NAME, the bridges of Foundation's API notes, NS_ENUM and NS_OPTIONS.
#define SENDABLE __attribute__((swift_attr("@Sendable")))
#define NAMED(name) __attribute__((swift_name(name)))
#define BRIDGED(name) __attribute__((swift_bridge(name)))
#define ENUM(type, name) enum __attribute__((enum_extensibility(open))) name : type name; enum name : type
#define ERROR_ENUM(type, name) enum __attribute__((ns_error_domain(name##Domain))) name : type name; enum __attribute__((ns_error_domain(name##Domain))) name : type
#define OPTIONS(type, name) enum __attribute__((flag_enum, enum_extensibility(open))) name : type name; enum name : type

typedef signed char BOOL;
typedef long NSInteger;
typedef unsigned long NSUInteger;

// Apple's NSObject.h says nothing of null: what these take and give is implicitly unwrapped in Swift.
@protocol NSObject
- (BOOL)respondsToSelector:(null_unspecified SEL)selector;
@end

__attribute__((objc_root_class))
@interface NSObject <NSObject>
- (nonnull instancetype)init;
- (null_unspecified id)copy;
- (null_unspecified id)forwardingTargetForSelector:(null_unspecified SEL)selector;
@end
