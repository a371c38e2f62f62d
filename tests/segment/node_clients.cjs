// Tells events with an unmodified client: node node_clients.cjs CLIENT ADDRESS PACKED CALLS.
// CALLS is JSON: a list of [call, values], in the words of both clients.
const [client, address, packed, told] = process.argv.slice(2);
const failed = [];

async function segment() {
  const { Analytics } = require("@segment/analytics-node");
  const analytics = new Analytics({ writeKey: "WK", host: address, flushInterval: 50, maxRetries: 1 });
  analytics.on("error", (error) => failed.push(error));
  for (const [call, values] of JSON.parse(told)) analytics[call](values);
  await analytics.closeAndFlush();
}

async function rudder() {
  const RudderAnalytics = require("@rudderstack/rudder-sdk-node");
  const analytics = new RudderAnalytics("WK", { dataPlaneUrl: address, gzip: packed === "True", flushInterval: 50 });
  for (const [call, values] of JSON.parse(told)) {
    analytics[call](values, (error) => { if (error) failed.push(error); });
  }
  await new Promise((done) => analytics.flush((error) => { if (error) failed.push(error); done(); }));
}

({ segment, rudder })[client]().then(() => {
  if (failed.length) console.error(failed.map((error) => String(error.reason ?? error.message ?? error)));
  process.exit(failed.length ? 1 : 0);
}, (error) => { console.error(error); process.exit(1); });
