/** Which connections a server admits to a handshake: limits on how many there are, and how often an address comes. @module */
import { Clock, Duration, Effect, Schema } from "../deps.ts";
import { AdmissionRefused } from "../faults/errors/admission.ts";
import type { Address } from "../names/address.ts";
import { duration, whole } from "../options.ts";
import type { ConnectionLimits, Counts } from "./connection_limits.ts";

/** Decodes limits on connections. */
export const connectionLimits: Schema.Schema<ConnectionLimits> = Schema.Struct({
  handshakes: Schema.optional(whole(1)),
  connections: Schema.optional(whole(1)),
  connectionsPerAddress: Schema.optional(whole(1)),
  ratePerAddress: Schema.optional(whole(1)),
  window: Schema.optional(duration(1)),
});

/** What an admitted connection tells of itself. */
export interface Admitted {
  /** Its handshake is done. */
  readonly established: () => void;
  /** It is over. */
  readonly gone: () => void;
}

/** The admission of one server. */
export interface Admission {
  /** Admits a connection, or says why not. */
  readonly admit: (remote: Address) => Effect.Effect<Admitted, AdmissionRefused>;
  readonly counts: () => Counts;
}

/** How many addresses are remembered: the memory that strangers can make a server use. */
const ADDRESSES = 16_384;

/** What is known of an address: its connections now, and how many came since a time. */
interface Visits {
  open: number;
  came: number;
  since: number;
}

/** Makes the admission of one server. */
export const makeAdmission = (limits: ConnectionLimits): Admission => {
  const { handshakes: H, connections: C, connectionsPerAddress: A, ratePerAddress: R } = limits;
  const window = Duration.toMillis(limits.window ?? "1 minute");
  const perAddress = A !== undefined || R !== undefined;
  const refused = { handshakes: 0, connections: 0, connectionsPerAddress: 0, ratePerAddress: 0 };
  const visits = new Map<string, Visits>();
  let [handshakes, connections, admitted] = [0, 0, 0];

  const visitsOf = (network: string, time: number): Visits => {
    const known = visits.get(network) ?? { open: 0, came: 0, since: time };
    if (time - known.since >= window) [known.came, known.since] = [0, time];
    // In the order of their last visit: what is forgotten first is an address without connections that came long ago.
    visits.delete(network);
    visits.set(network, known);
    if (visits.size > ADDRESSES) {
      for (const [other, { open }] of visits) {
        if (open === 0 || visits.size > 2 * ADDRESSES) visits.delete(other);
        if (visits.size <= ADDRESSES) break;
      }
    }
    return known;
  };

  return {
    counts: () => ({ handshakes, connections, admitted, refused: { ...refused } }),
    admit: (remote) =>
      Effect.flatMap(Clock.currentTimeMillis, (time) => {
        const from = perAddress ? visitsOf(networkOf(remote.hostname), time) : undefined;
        const reached = ([
          ["connections", C, connections],
          ["handshakes", H, handshakes],
          ["connectionsPerAddress", A, from?.open ?? 0],
          ["ratePerAddress", R, from?.came ?? 0],
        ] as const).find(([, allowed, have]) => allowed !== undefined && have >= allowed);
        if (reached) {
          const [limit, allowed = 0] = reached;
          refused[limit]++;
          return Effect.fail(new AdmissionRefused({ limit, allowed, remote }));
        }
        admitted++;
        connections++;
        handshakes++;
        if (from) [from.open, from.came] = [from.open + 1, from.came + 1];
        let shaking = true;
        const established = () => {
          if (shaking) handshakes--;
          shaking = false;
        };
        return Effect.succeed({
          established,
          gone: () => {
            established();
            connections--;
            if (from) from.open--;
          },
        });
      }),
  };
};

/** The network of an address: an IPv4 address itself, and the first 64 bits of an IPv6 address. */
const networkOf = (hostname: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(hostname)?.[1];
  if (mapped !== undefined) return mapped;
  if (!hostname.includes(":")) return hostname;
  const [before = "", after] = hostname.replace(/%.*$/, "").split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":");
  const [head, tail] = [groups(before), groups(after ?? "")];
  const zeros = after === undefined
    ? []
    : Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0");
  return [...head, ...zeros, ...tail].slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":");
};
