/** The cookies of HelloRetryRequests, for servers of TLS 1.3. @module */
export * from "../ports/retry_cookies.ts";
export * from "../layers/tickets/retry_cookies.ts";
