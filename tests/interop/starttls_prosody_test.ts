/** Our client before TLS with Prosody. @module */
import { assert, Effect } from "../deps.ts";
import { client } from "./ends.ts";
import { withPeer } from "./peers.ts";
import { PROGRAM, prosody } from "./servers/prosody.ts";
import { begin, say } from "./starttls.ts";

withPeer(
  PROGRAM,
  "Prosody: our client begins TLS in XMPP, and opens the stream anew",
  Effect.gen(function* () {
    const { port } = yield* prosody();
    const { connection } = yield* begin("xmpp", port);
    const [features] = yield* say(
      connection,
      "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " +
        "version='1.0' to='localhost'>",
      /<stream:features>.*<\/stream:features>/s,
    );
    assert.match(features, /PLAIN/);
    assert.doesNotMatch(features, /starttls/);
  }).pipe(Effect.provide(client())),
);
