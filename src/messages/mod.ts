/** Every message of TLS before 1.3: each is an Effect Schema that also defines its wire format. @module */
export * from "./alert.ts";
export * from "./certificate.ts";
export * from "./certificate_request.ts";
export * from "./certificate_status.ts";
export * from "./certificate_verify.ts";
export * from "./change_cipher_spec.ts";
export * from "./client_hello.ts";
export * from "./client_key_exchange.ts";
export * from "./extensions/mod.ts";
export * from "./finished.ts";
export * from "./hello_request.ts";
export * from "./new_session_ticket.ts";
export * from "./record_header.ts";
export * from "./server_hello.ts";
export * from "./server_hello_done.ts";
export * from "./server_key_exchange.ts";
