// The classes of Foundation that sources and tests use, as far as they use them; protocols and enumerations are generated.
#pragma once
#include "CoreFoundation.h"
#include "Security.h"

#include "EnumerationsOfApple.h"

ASSUME_NONNULL_BEGIN
@protocol NSURLAuthenticationChallengeSender;
@protocol NSURLProtocolClient;
@protocol NSURLSessionDelegate;
@protocol NSURLSessionTaskDelegate;

@interface NSCoder : NSObject
@end

@protocol NSCoding
- (nullable instancetype)initWithCoder:(NSCoder *)coder;
@end

BRIDGED("Swift.String") @interface NSString : NSObject
@end

BRIDGED("Data") @interface NSData : NSObject
@end

SENDABLE BRIDGED("URL") @interface NSURL : NSObject
@end

@interface NSValue : NSObject
@end

SENDABLE @interface NSNumber : NSValue
@end

BRIDGED("Swift.Array") @interface NSArray<ObjectType> : NSObject
@end

BRIDGED("Swift.Dictionary") @interface NSDictionary<KeyType, ObjectType> : NSObject
- (instancetype)initWithDictionary:(NSDictionary<KeyType, ObjectType> *)other;
@end

SENDABLE BRIDGED("Swift.Error") @interface NSError : NSObject
- (instancetype)initWithDomain:(NSString *)domain code:(NSInteger)code userInfo:(nullable NSDictionary<NSString *, id> *)dict;
@property (readonly, copy) NSString *domain;
@property (readonly) NSInteger code;
@property (readonly, copy) NSDictionary<NSString *, id> *userInfo;
@end

extern NSString *const NSCocoaErrorDomain;
extern NSString *const NSOSStatusErrorDomain;
extern NSString *const NSPOSIXErrorDomain;
extern NSString *const NSUnderlyingErrorKey;
extern NSString *const NSLocalizedDescriptionKey;
extern NSString *const NSURLErrorDomain;
extern NSString *const NSURLErrorFailingURLErrorKey;

NAMED("Thread") @interface NSThread : NSObject
@property (class, readonly) BOOL isMainThread;
@end

SENDABLE @interface NSLock : NSObject
- (void)lock;
- (void)unlock;
@end

SENDABLE NAMED("Bundle") @interface NSBundle : NSObject
@property (class, readonly, strong) NSBundle *mainBundle;
- (nullable instancetype)initWithURL:(NSURL *)url;
@property (readonly, copy) NSURL *bundleURL;
@property (nullable, readonly, copy) NSURL *resourceURL;
@property (nullable, readonly, copy) NSURL *executableURL;
@property (nullable, readonly, copy) NSString *bundleIdentifier;
@property (nullable, readonly, copy) NSDictionary<NSString *, id> *infoDictionary;
@end

SENDABLE NAMED("OperationQueue") @interface NSOperationQueue : NSObject
@property NSInteger maxConcurrentOperationCount;
@property (nullable, copy) NSString *name;
@end

NAMED("Stream") @interface NSStream : NSObject
@end

NAMED("InputStream") @interface NSInputStream : NSStream
- (instancetype)initWithData:(NSData *)data;
@end

NAMED("OutputStream") @interface NSOutputStream : NSStream
@end

BRIDGED("URLRequest") @interface NSURLRequest : NSObject
@end

SENDABLE NAMED("URLResponse") @interface NSURLResponse : NSObject
- (instancetype)initWithURL:(NSURL *)url
                   MIMEType:(nullable NSString *)type
      expectedContentLength:(NSInteger)length
           textEncodingName:(nullable NSString *)name;
@property (nullable, readonly, copy) NSURL *URL;
@property (nullable, readonly, copy) NSString *MIMEType;
@end

SENDABLE NAMED("HTTPURLResponse") @interface NSHTTPURLResponse : NSURLResponse
- (nullable instancetype)initWithURL:(NSURL *)url
                          statusCode:(NSInteger)statusCode
                         HTTPVersion:(nullable NSString *)HTTPVersion
                        headerFields:(nullable NSDictionary<NSString *, NSString *> *)headerFields;
@property (readonly) NSInteger statusCode;
@end

SENDABLE NAMED("CachedURLResponse") @interface NSCachedURLResponse : NSObject
- (instancetype)initWithResponse:(NSURLResponse *)response data:(NSData *)data;
@end

SENDABLE NAMED("URLCache") @interface NSURLCache : NSObject
- (nullable NSCachedURLResponse *)cachedResponseForRequest:(NSURLRequest *)request;
- (void)storeCachedResponse:(NSCachedURLResponse *)cachedResponse forRequest:(NSURLRequest *)request;
@property NSUInteger diskCapacity;
@end

SENDABLE NAMED("URLCredential") @interface NSURLCredential : NSObject
- (instancetype)initWithUser:(NSString *)user password:(NSString *)password persistence:(NSURLCredentialPersistence)persistence;
@property (nullable, readonly, copy) NSString *user;
@end

extern NSString *const NSURLAuthenticationMethodClientCertificate;
extern NSString *const NSURLAuthenticationMethodHTTPBasic;
extern NSString *const NSURLAuthenticationMethodNTLM;
extern NSString *const NSURLAuthenticationMethodNegotiate;
extern NSString *const NSURLAuthenticationMethodServerTrust;

SENDABLE NAMED("URLProtectionSpace") @interface NSURLProtectionSpace : NSObject <NSCoding>
- (instancetype)initWithHost:(NSString *)host
                        port:(NSInteger)port
                    protocol:(nullable NSString *)protocol
                       realm:(nullable NSString *)realm
        authenticationMethod:(nullable NSString *)authenticationMethod;
@property (readonly, copy) NSString *host;
@property (readonly, copy) NSString *authenticationMethod;
@property (nullable, readonly) SecTrustRef serverTrust;
@end

SENDABLE NAMED("URLAuthenticationChallenge") @interface NSURLAuthenticationChallenge : NSObject
- (instancetype)initWithProtectionSpace:(NSURLProtectionSpace *)space
                     proposedCredential:(nullable NSURLCredential *)credential
                   previousFailureCount:(NSInteger)previousFailureCount
                        failureResponse:(nullable NSURLResponse *)response
                                  error:(nullable NSError *)error
                                 sender:(id<NSURLAuthenticationChallengeSender>)sender;
@property (readonly, copy) NSURLProtectionSpace *protectionSpace;
@property (readonly) NSInteger previousFailureCount;
@end

NAMED("URLProtocol") @interface NSURLProtocol : NSObject
@property (nullable, readonly, retain) id<NSURLProtocolClient> client;
@property (readonly, copy) NSURLRequest *request;
+ (BOOL)canInitWithRequest:(NSURLRequest *)request;
+ (NSURLRequest *)canonicalRequestForRequest:(NSURLRequest *)request;
- (void)startLoading;
- (void)stopLoading;
@end

SENDABLE NAMED("URLSessionConfiguration") @interface NSURLSessionConfiguration : NSObject
@property (class, readonly, strong) NSURLSessionConfiguration *defaultSessionConfiguration;
@property (nullable, readonly, copy) NSString *identifier;
@property (nullable, copy) NSDictionary *HTTPAdditionalHeaders;
@property (nullable, copy) NSArray<Class> *protocolClasses;
@property (nullable, retain) NSURLCache *URLCache;
+ (NSURLSessionConfiguration *)backgroundSessionConfigurationWithIdentifier:(NSString *)identifier NAMED("background(withIdentifier:)");
@end

SENDABLE NAMED("URLSessionTask") @interface NSURLSessionTask : NSObject
@property (nullable, readonly, copy) NSURLRequest *originalRequest;
@property (nullable, readonly, copy) NSURLRequest *currentRequest;
@property (nullable, readonly, copy) NSURLResponse *response;
@property (nullable, retain) id<NSURLSessionTaskDelegate> delegate;
@property (readonly) NSURLSessionTaskState state;
- (void)cancel;
- (void)resume;
- (void)suspend;
@end

SENDABLE NAMED("URLSessionDataTask") @interface NSURLSessionDataTask : NSURLSessionTask
@end

SENDABLE NAMED("URLSessionUploadTask") @interface NSURLSessionUploadTask : NSURLSessionDataTask
@end

SENDABLE NAMED("URLSessionDownloadTask") @interface NSURLSessionDownloadTask : NSURLSessionTask
@end

SENDABLE NAMED("URLSessionStreamTask") @interface NSURLSessionStreamTask : NSURLSessionTask
@end

SENDABLE NAMED("URLSessionWebSocketTask") @interface NSURLSessionWebSocketTask : NSURLSessionTask
- (void)cancelWithCloseCode:(NSURLSessionWebSocketCloseCode)closeCode reason:(nullable NSData *)reason;
@end

SENDABLE NAMED("URLSessionTaskMetrics") @interface NSURLSessionTaskMetrics : NSObject
@end

SENDABLE NAMED("URLSession") @interface NSURLSession : NSObject
@property (class, readonly, strong) NSURLSession *sharedSession;
+ (NSURLSession *)sessionWithConfiguration:(NSURLSessionConfiguration *)configuration
                                  delegate:(nullable id<NSURLSessionDelegate>)delegate
                             delegateQueue:(nullable NSOperationQueue *)queue;
@property (readonly, retain) NSOperationQueue *delegateQueue;
@property (nullable, readonly, retain) id<NSURLSessionDelegate> delegate;
@property (readonly, copy) NSURLSessionConfiguration *configuration;
- (void)finishTasksAndInvalidate;
- (void)invalidateAndCancel;
- (NSURLSessionDataTask *)dataTaskWithRequest:(NSURLRequest *)request;
- (NSURLSessionDataTask *)dataTaskWithURL:(NSURL *)url;
- (NSURLSessionUploadTask *)uploadTaskWithRequest:(NSURLRequest *)request fromFile:(NSURL *)fileURL;
- (NSURLSessionUploadTask *)uploadTaskWithRequest:(NSURLRequest *)request fromData:(NSData *)bodyData;
- (NSURLSessionDownloadTask *)downloadTaskWithRequest:(NSURLRequest *)request;
- (NSURLSessionDownloadTask *)downloadTaskWithURL:(NSURL *)url;
- (NSURLSessionWebSocketTask *)webSocketTaskWithRequest:(NSURLRequest *)request;
@end
ASSUME_NONNULL_END

#include "ProtocolsOfApple.h"
