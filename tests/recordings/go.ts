/**
 * Recordings of Go's TLS with OpenSSL. Go's end drew nothing but zeros for its tests, so that its half of a key exchange
 * is known to everybody, and with it the secrets of the connection.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { keySchedule } from "../../src/crypto/key_schedule.ts";
import {
  ClientKeyExchangeECDHE,
  ClientKeyExchangeRSA,
  findExtension,
  ServerKeyExchangeECDHE,
  ServerKeyExchangeECDHELegacy,
} from "../../src/messages/mod.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import type { Side } from "../../src/names/side.ts";
import type { Psk } from "../../src/flights/hellos/psk.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { noble } from "../support/layers.ts";
import type { Known, MasterOf } from "./eavesdrop.ts";
import type { SecretsOf } from "./eavesdrop13.ts";
import { sameBytes } from "./heard.ts";

/** What Go makes of zeros: of a curve's it sets one bit, for zero itself is no secret (crypto/elliptic, GenerateKey). */
const secretOf = (group: NamedGroup): Bytes =>
  group === NamedGroup.x25519 ? new Uint8Array(32) : new Uint8Array(32).with(1, 0x42);

/** Go's share of a group. */
const shareOf = (group: NamedGroup) => Effect.runSync(noble.shareOf(group, secretOf(group)));

/** From Go's secret and the other's share, or from a premaster secret of a version and zeros. */
const masterBeside = (go: Side): MasterOf => ({ hello, messages, derivation }) => {
  const server = messages.find((m) =>
    m instanceof ServerKeyExchangeECDHE || m instanceof ServerKeyExchangeECDHELegacy
  );
  const client = messages.find((m) => m instanceof ClientKeyExchangeECDHE);
  if (server && client) {
    const { namedCurve, public: point } = server.params;
    const share = shareOf(namedCurve);
    return derivation.master(Effect.runSync(share.agree(go === "client" ? point : client.ecdhYc)));
  }
  if (go === "server" || !messages.some((m) => m instanceof ClientKeyExchangeRSA)) return undefined;
  const { clientVersion: version } = hello;
  return derivation.master(new Uint8Array(48).with(0, version >> 8).with(1, version & 0xff));
};

/** From Go's secret and the other's share, and the key of the ticket if one is used. */
const secretsBeside = (go: Side): SecretsOf => ({ hello, server, hash, resumes, psk }) => {
  if (resumes && !psk) return undefined;
  const { serverShare } = findExtension(server.extensions, "key_share")!;
  const { group } = serverShare;
  const clientShare = findExtension(hello.extensions, "key_share")!.clientShares.find((s) =>
    s.group === group
  )!;
  const [ours, theirs] = go === "client" ? [clientShare, serverShare] : [serverShare, clientShare];
  const share = shareOf(group);
  sameBytes(share.publicKey, ours.keyExchange, "Go's share");
  const secret = keySchedule(hash, psk?.secret).handshake(Effect.runSync(share.agree(theirs.keyExchange)));
  const { traffic: application, resumption } = secret.master();
  return { handshake: secret.traffic, application, resumption };
};

/** What is known of a connection with Go at one side, and the keys of the tickets that it may use. */
export const knownBeside = (go: Side, psks: ReadonlyArray<Psk> = []): Known => ({
  masterOf: masterBeside(go),
  secretsOf: secretsBeside(go),
  psks,
});

/** Whose end Go is in a recording, by its name. */
export const goIn = (name: string): Side => name.startsWith("Client") ? "client" : "server";

/** The names of all recordings in a folder, of TLS 1.3 or of the versions before it. */
export const recordingsIn = (folder: URL, of13: boolean): ReadonlyArray<string> => {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => /^(Client|Server)-/.test(name) && name.includes("TLSv13") === of13);
  assert.ok(names.length > 0);
  return names.sort();
};
