/** Every extension, and which messages carry it. @module */
export * from "./alpn.ts";
export * from "./carriers.ts";
export * from "./certificate_status.ts";
export * from "./certificates.ts";
export * from "./groups.ts";
export * from "./hello.ts";
export * from "./pre_shared_key.ts";
export * from "./records.ts";
export * from "./server_name.ts";
export * from "./sessions.ts";
