/** The handshake of RFC 8448 §3, byte for byte: its messages, and all of its secrets and keys. @module */
import { assert, Either } from "../deps.ts";
import { expandLabel, extract } from "../../src/crypto/hkdf.ts";
import { keySchedule } from "../../src/crypto/key_schedule.ts";
import { Transcript } from "../../src/crypto/transcript.ts";
import { kindOf } from "../../src/grammar/message_kind.ts";
import * as M from "../../src/messages/mod.ts";
import type { AnySchema } from "../messages/all.ts";
import { dataFolder } from "../support/data.ts";
import { hex } from "../support/keys.ts";
import { layers } from "../support/layers.ts";

const folder = dataFolder("rfc8448");
if (folder) {
  const data: Record<string, string> = JSON.parse(Deno.readTextFileSync(new URL("simple-1rtt.json", folder)));
  const bytes = (name: string) => hex(data[name] ?? assert.fail(name));

  const messages: ReadonlyArray<readonly [AnySchema, string]> = [
    [M.ClientHello, "client_hello_plaintext"],
    [M.ServerHello13, "server_hello_payload"],
    [M.EncryptedExtensions, "server_encrypted_extensions"],
    [M.Certificate13, "server_certificate_message"],
    [M.CertificateVerify, "server_certificateverify_message"],
  ];

  for (const [schema, name] of messages) {
    Deno.test(`RFC 8448 §3, ${name}: read without anything unknown, and written back`, () => {
      const { decode, encode, name: tag } = kindOf(schema);
      const message = Either.getOrThrow(decode(bytes(name).subarray(4)));
      assert.equal(message._tag, tag);
      assert.deepEqual(encode(message), bytes(name));
      for (const { _tag } of message.extensions ?? []) assert.notEqual(_tag, "unknown");
    });
  }

  for (const { name, crypto } of layers) {
    Deno.test(`${name} and RFC 8448 §3: the key schedule, stage by stage`, () => {
      const hash = crypto.hash("sha256");
      const zeros = new Uint8Array(32);
      const derived = (secret: string) => expandLabel(hash, bytes(secret))("derived", hash.digest([]));
      assert.deepEqual(extract(hash, zeros, zeros), bytes("early_secret"));
      assert.deepEqual(derived("early_secret"), bytes("derived_for_handshake"));
      const handshake = extract(hash, bytes("derived_for_handshake"), bytes("ecdhe_shared_secret"));
      assert.deepEqual(handshake, bytes("handshake_secret"));
      assert.deepEqual(derived("handshake_secret"), bytes("derived_for_master"));
      assert.deepEqual(extract(hash, bytes("derived_for_master"), zeros), bytes("master_secret"));
    });

    Deno.test(`${name} and RFC 8448 §3: traffic secrets, keys and IVs`, () => {
      const said = new Transcript();
      said.add(bytes("client_hello_plaintext"));
      said.add(bytes("server_hello_payload"));
      const traffic = keySchedule(crypto.hash("sha256")).handshake(bytes("ecdhe_shared_secret"))
        .traffic(said.snapshot());
      for (const side of ["client", "server"] as const) {
        assert.deepEqual(traffic[side].secret, bytes(`${side}_handshake_traffic_secret`));
        assert.deepEqual(traffic[side].keys(16), {
          key: bytes(`${side}_handshake_key`),
          iv: bytes(`${side}_handshake_iv`),
        });
      }
    });
  }
}
