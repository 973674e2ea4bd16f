// Reads a player's profile with the official client, as often as told, and says what it took.
//
//     official.js URL IN_FLIGHT CALLS          (NODE_PATH: the folder where npm put it)
'use strict';

const { Playlyfe } = require('playlyfe');

const [url, inFlight, calls] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const client = new Playlyfe({
  type: 'client',
  version: 'v2',
  client_id: 'bench',
  client_secret: 'secret',
  auth_endpoint: url,
  api_endpoint: url,
});

async function worker(turns) {
  for (let turn = 0; turn < turns; turn += 1) {
    const player = await client.get('/admin/players/johny', {});
    if (player.id !== 'johny') throw new Error(JSON.stringify(player));
  }
}

async function run(turns) {
  await Promise.all(Array.from({ length: inFlight }, () => worker(turns)));
}

(async () => {
  await worker(1); // the token
  await run(1);
  const [began, before] = [process.hrtime.bigint(), process.cpuUsage()];
  const turns = Math.floor(calls / inFlight);
  await run(turns);
  const wall = Number(process.hrtime.bigint() - began) / 1e9;
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ wall, processor: (user + system) / 1e6, calls: turns * inFlight }));
})().catch((error) => { console.error(error); process.exit(1); });
