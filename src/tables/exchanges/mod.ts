/** The key exchanges. @module */
import type { Suite } from "../suites.ts";
import { dhe } from "./dhe.ts";
import { ecdhe } from "./ecdhe.ts";
import type { KeyExchange } from "./exchange.ts";
import { rsa } from "./rsa.ts";

export type { ClientShare, ExchangeError, KeyExchange, ServerShare, Terms, Vouching } from "./exchange.ts";
export { signed, unsigned } from "./vouching.ts";

/** The key exchanges, by the name in a suite's row. A row whose exchange is missing does not compile. */
export const exchanges = { rsa, dhe, ecdhe } satisfies Record<Suite["exchange"], KeyExchange>;
