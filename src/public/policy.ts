/** What a client or server is willing to speak: `modern`, `compatible`, `legacy`, or a policy of your own. @module */
export * from "../tables/policy.ts";
export * from "../tables/limits.ts";
export * from "../tables/policy_option.ts";
export * from "../record/limits.ts";
