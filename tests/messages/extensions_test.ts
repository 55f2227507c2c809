/** Which extension may stand in which message, as the table of the RFC has it. @module */
import { assert } from "../deps.ts";
import { type Carrier, mayStandIn } from "../../src/messages/mod.ts";
import { ExtensionType } from "../../src/names/mod.ts";

/** The columns of the RFC, in its words. */
const carriers: Readonly<Record<string, Carrier>> = {
  CH: "ClientHello",
  SH: "ServerHello",
  HRR: "HelloRetryRequest",
  EE: "EncryptedExtensions",
  CT: "Certificate",
  CR: "CertificateRequest",
  NST: "NewSessionTicket",
};

/** RFC 8446 §4.2, RFC 7685 §3, RFC 8449 §4, RFC 8879 §3; what TLS 1.3 has no use for stands in a ClientHello alone. */
const table: { readonly [K in keyof typeof ExtensionType.members]?: string } = {
  server_name: "CH, EE",
  max_fragment_length: "CH, EE",
  status_request: "CH, CR, CT",
  supported_groups: "CH, EE",
  signature_algorithms: "CH, CR",
  application_layer_protocol_negotiation: "CH, EE",
  signed_certificate_timestamp: "CH, CR, CT",
  padding: "CH",
  key_share: "CH, SH, HRR",
  pre_shared_key: "CH, SH",
  psk_key_exchange_modes: "CH",
  early_data: "CH, EE, NST",
  cookie: "CH, HRR",
  supported_versions: "CH, SH, HRR",
  certificate_authorities: "CH, CR",
  oid_filters: "CR",
  post_handshake_auth: "CH",
  signature_algorithms_cert: "CH, CR",
  record_size_limit: "CH, EE",
  compress_certificate: "CH, CR",
  ec_point_formats: "CH",
  encrypt_then_mac: "CH",
  extended_master_secret: "CH",
  session_ticket: "CH",
  renegotiation_info: "CH",
};

Deno.test("an extension may stand where the table of RFC 8446 has it, and nowhere else", () => {
  for (const [name, cells] of Object.entries(table)) {
    const type = ExtensionType.members[name as keyof typeof table];
    const found = Object.entries(carriers).filter(([, carrier]) => mayStandIn(type, carrier));
    assert.deepEqual(found.map(([column]) => column).toSorted(), cells.split(", ").toSorted(), name);
  }
});

Deno.test("an extension of which nothing is known may stand anywhere", () => {
  const others = Object.entries(ExtensionType.members).filter(([name]) => !(name in table));
  assert.ok(others.length > 30);
  for (const [name, type] of [...others, ["GREASE", 0x1a1a] as const]) {
    for (const carrier of Object.values(carriers)) assert.ok(mayStandIn(type, carrier), name);
  }
});
