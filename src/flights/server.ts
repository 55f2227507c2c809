/** The handshake of a server, of whatever version: the client's first message decides which flights follow. @module */
import { Effect } from "../deps.ts";
import { receive } from "../grammar/places.ts";
import { Crypto, type CryptoService } from "../ports/crypto.ts";
import { RetryCookies } from "../ports/retry_cookies.ts";
import { Handshakes } from "../record/handshake_stream.ts";
import { dialects, spokenFirst } from "../tables/versions/mod.ts";
import type { Again, Established } from "./agreed/established.ts";
import type { ServerSettings } from "./base/server_settings.ts";
import type { Steps } from "./base/services.ts";
import { clientHelloPlace } from "./hellos/read_client_hello.ts";
import { versionOf } from "./hellos/version.ts";
import { serverHandshake13 } from "./tls13/server/server.ts";
import { serverHandshakeUntil12 } from "./until12/server.ts";

/** The shape of flight 1. */
export const clientHelloShape = { hello: clientHelloPlace };

/** The whole handshake of a server. In a renegotiation, `again` is what the last one left. */
export const serverHandshake = Effect.fnUntraced(
  function* (given: ServerSettings, again?: Again): Steps<Established> {
    const settings = withGroupsOf(yield* Crypto, given);
    if (!again && (yield* RetryCookies)) (yield* Handshakes).mayFollowRetry();
    const { hello } = yield* receive(clientHelloShape);
    // A refusal must go out in a record that the client reads, by a name that it knows.
    (yield* Handshakes).sayUntilAgreed(spokenFirst(hello.message.clientVersion));
    const { version } = yield* versionOf(settings.policy, hello.message, again?.previous);
    const dialect = dialects.get(version);
    return yield* dialect
      ? serverHandshakeUntil12(settings, hello.message, dialect, again)
      : serverHandshake13(settings, hello);
  },
);

/** Settings without the groups that our cryptography does not have. */
const withGroupsOf = ({ groups }: CryptoService, settings: ServerSettings): ServerSettings => {
  const { policy } = settings;
  const ours = policy.groups.filter((group) => groups.includes(group));
  return ours.length === policy.groups.length
    ? settings
    : { ...settings, policy: { ...policy, groups: ours } };
};
