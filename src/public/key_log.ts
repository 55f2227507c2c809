/** Key logs, with which Wireshark can decrypt a capture. @module */
export * from "../ports/key_log.ts";
export * from "../layers/key_log.ts";
