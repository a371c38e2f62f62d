// An app that is not Python: it asks by fetch, as node has it, and prints what it was told.
const address = process.argv[2];
const post = async (path, body, headers = {}) => {
  const answer = await fetch(address + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, told: await answer.json() };
};
const decided = await post("/v1/decide", { placements: "home", who: { card: "4711" }, view: "screen-1" });
console.log(
  JSON.stringify({
    decided,
    shown: await post("/v1/record", { token: decided.told.token }),
    capped: await post("/v1/decide", { placements: "home", who: "ann" }),
    wrong: await post("/v1/decide", { placements: "nowhere" }),
    out: await post("/v1/opt-out", { who: "ann" }),
    ready: (await fetch(address + "/health/ready")).status,
  }),
);
