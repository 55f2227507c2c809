/** What a protocol says before TLS, as one value for each role. @module */
import type { Said, Talk } from "./talk.ts";

/** What a dialogue may need to know, decoded. */
export interface Names {
  /** This end's own name. */
  readonly ownName: string;
  /** XMPP: the domain of the service. */
  readonly domain: string | undefined;
}

/** The client's role, up to the go-ahead that it has read. It gives what the server said first, if the server speaks first. */
export interface ClientDialogue {
  (talk: Talk, names: Names): Said<Uint8Array | undefined>;
}

/** How the server's role ends: with the last word that it is yet to say. */
export interface Asked {
  /** What the server said first, if it speaks first. */
  readonly greeting: Uint8Array | undefined;
  /** The last word before TLS; empty if the client does not wait for one. */
  readonly goAhead: string | Uint8Array;
}

/** The server's role, up to the client's request that it has read. */
export interface ServerDialogue {
  (talk: Talk, names: Names): Said<Asked>;
}

/** How a protocol begins TLS. */
export interface Dialogues {
  /** The section that describes it, for errors. */
  readonly rfc: string | undefined;
  /** The usual port. */
  readonly port: number;
  readonly client: ClientDialogue;
  readonly server: ServerDialogue;
}
