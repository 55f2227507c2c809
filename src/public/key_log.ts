/** Key logs, for looking on with Wireshark. @module */
export * from "../ports/key_log.ts";
export * from "../layers/key_log.ts";
