/** What a key log (RFC 9850) tells of connections. @module */
import { assert } from "../deps.ts";
import { type Traffic, trafficOf } from "../../src/crypto/key_schedule.ts";
import type { OfBoth } from "../../src/names/side.ts";
import { type Bytes, toHex } from "../../src/wire/bytes.ts";
import { hex } from "../support/keys.ts";
import type { Known } from "./eavesdrop.ts";

/** Every secret in a key log, by its label and the client's random. It names no ticket's key. */
export const knownBy = (log: string): Known => {
  const lines = log.matchAll(/^([A-Z_0-9]+) ([0-9a-f]{64}) ([0-9a-f]+)$/gmi);
  const secrets = new Map(
    Array.from(lines, ([, label, random, secret]) => [`${label} ${random!.toLowerCase()}`, hex(secret!)]),
  );
  const find = (label: string, random: Bytes) => secrets.get(`${label} ${toHex(random)}`);
  return {
    masterOf: ({ hello }) => find("CLIENT_RANDOM", hello.random),
    secretsOf: ({ hello: { random }, hash }) => {
      const traffic = (label: string): Traffic =>
        trafficOf(hash, find(label, random) ?? assert.fail(`no ${label} in the key log`));
      const both = (label: string) => (): OfBoth<Traffic> => ({
        client: traffic(`CLIENT_${label}`),
        server: traffic(`SERVER_${label}`),
      });
      return {
        handshake: both("HANDSHAKE_TRAFFIC_SECRET"),
        application: both("TRAFFIC_SECRET_0"),
        resumption: undefined,
      };
    },
    psks: [],
  };
};
