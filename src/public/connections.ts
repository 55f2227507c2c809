/** A connection, what it agreed on, and its events. @module */
export * from "../connection/connection.ts";
export * from "../connection/connection_limits.ts";
export * from "../flights/agreed/negotiated.ts";
export * from "../flights/base/client_auth.ts";
export * from "../ports/observer.ts";
export * from "../x509/certificate/peer_certificate.ts";
