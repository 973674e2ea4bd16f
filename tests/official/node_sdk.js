// The official SDK `playlyfe` does what its own tests and its README do.
//
//     node_sdk.js HOST          (NODE_PATH: the folder where npm put it)
//
// HOST has the login and the tokens, api.HOST the API. How these names are found and why their
// certificate is trusted is the environment's business: the SDK is as it came from npm.
//
// A printed line that starts with @ asks the test to do something to the sandbox; the answer is a
// line.
'use strict';

const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const readline = require('readline');

const { Playlyfe, PlaylyfeException } = require('playlyfe');
const request = require('request-promise');

const HOST = process.argv[2];
const student = (more) => ({ player_id: 'student1', ...more });
const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function ask(what) {
  process.stdout.write(`@${what}\n`);
  return (await answers.next()).value;
}

const tokenRequests = async () => Number(await ask('token_requests'));

function client(version, options) {
  return new Playlyfe({
    type: 'client',
    version: version || 'v2',
    client_id: 'node',
    client_secret: 'sec ret&=é',
    auth_endpoint: `https://${HOST}`,
    api_endpoint: `https://api.${HOST}`,
    ...options,
  });
}

/// A place for the token outside of the SDK, as its README recommends.
function shelf(token) {
  const place = { token };
  place.store = (fresh, done) => { place.token = { ...fresh }; return done(null, fresh); };
  place.load = (done) => done(null, place.token);
  return place;
}

async function refused(promise, name, text, status) {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    assert(error instanceof PlaylyfeException, `no PlaylyfeException: ${error.stack || error}`);
    assert.strictEqual(error.name, name, error.message);
    assert(error.message.includes(text), error.message);
    if (status) assert.strictEqual(error.status, status);
    assert.match(error.headers['content-type'], /application\/json/);
    assert.deepStrictEqual(Object.keys(error.toJSON()).slice(0, 2), ['error', 'error_description']);
    return error;
  }
  throw new Error(`${name} was expected, the answer was ${JSON.stringify(answer)}`);
}

async function tellsWhoItIs() {
  const wrong = { client_id: 'wrong_id', client_secret: 'wrong_secret' };
  const text = 'Client authentication failed';
  await refused(client('v2', wrong).get('/runtime/player', student()), 'client_auth_fail', text);
  const before = await tokenRequests();
  const playlyfe = client();
  assert.strictEqual((await playlyfe.get('/runtime/player', student())).alias, 'Student1');
  assert.strictEqual((await playlyfe.get('/runtime/player', student())).id, 'student1');
  assert.strictEqual(await tokenRequests(), before + 1, 'one token serves all calls');
}

/// The suite of the SDK, for one version of the API.
async function readsAndWrites(version, root) {
  const playlyfe = client(version);
  const noRoute = 'This route does not exist';
  await refused(playlyfe.get('/unkown', student()), 'route_not_found', noRoute, 404);
  const noPlayer = "The 'player_id' parameter should be specified in the query";
  await refused(playlyfe.get(`${root}/player`, {}), 'invalid_player', noPlayer);

  const everybody = await playlyfe.get(`${root}/players`, student());
  const one = await playlyfe.api('GET', `${root}/players`, student({ limit: 1 }));
  assert.deepStrictEqual(one.data, everybody.data.slice(0, 1));
  assert.strictEqual(one.total, everybody.total);
  const profile = await playlyfe.get(`${root}/player`, student());
  assert.deepStrictEqual([profile.id, profile.enabled], ['student1', true]);
  assert(Array.isArray(await playlyfe.get(`${root}/definitions/processes`, student())));
  assert(Array.isArray(await playlyfe.get(`${root}/definitions/teams`, student())));
  assert(Array.isArray((await playlyfe.get(`${root}/teams`, student())).data));

  const fifth = await playlyfe.get(`${root}/processes`, student({ limit: 1, skip: 4 }));
  assert.deepStrictEqual(fifth.data.map((process) => process.definition), ['module1']);
  const process = version === 'v1'
    ? await playlyfe.post('/definitions/processes/module1', student())
    : await playlyfe.post('/runtime/processes', student(), { definition: 'module1' });
  assert.strictEqual(process.state, 'ACTIVE');
  assert.strictEqual(process.definition.id || process.definition, 'module1');

  const address = `${root}/processes/${process.id}`;
  const change = { name: 'patched_process', access: 'PUBLIC' };
  const patched = await playlyfe.patch(address, student(), change);
  const read = await playlyfe.get(address, student());
  for (const { name, access } of [patched, read]) assert.deepStrictEqual({ name, access }, change);
  assert.match((await playlyfe.delete(address, student())).message, /Process/);
  const left = await playlyfe.get(`${root}/processes`, student());
  assert.strictEqual(left.total, fifth.total);

  const whole = await playlyfe.get(`${root}/player`, student(), true);
  assert.strictEqual(whole.status, 200);
  assert.match(whole.headers['content-type'], /application\/json/);
  assert.deepStrictEqual(JSON.parse(whole.body.toString()), profile);
}

async function score(playlyfe, metric, player) {
  const profile = await playlyfe.get('/runtime/player', { player_id: player });
  const row = profile.scores.find((score) => score.metric.id === metric);
  return row ? Number(row.value) : 0;
}

async function plays() {
  const playlyfe = client();
  const actions = await playlyfe.get('/runtime/actions', student());
  assert(actions.some((action) => action.id === 'water'));
  const before = await score(playlyfe, 'seeds', 'student1');
  const water = '/runtime/actions/water/play';
  const [first] = (await playlyfe.post(water, student(), { count: 3 })).events.local;
  assert.strictEqual(first.event, 'action');
  assert.strictEqual(await score(playlyfe, 'seeds', 'student1'), before + 6);

  const checkIn = '/runtime/actions/daily_checkin/play';
  await playlyfe.post(checkIn, student(), {});
  const again = playlyfe.post(checkIn, student(), {});
  const limited = await refused(again, 'rate_limit_exceeded', 'can only be triggered', 429);
  assert(Number(limited.headers['retry-after']) > 0);
  // The option stands above what a call says.
  const bound = client('v2', { player_id: 'mira' });
  assert.strictEqual((await bound.get('/runtime/player', student())).id, 'mira');
}

async function designs() {
  const playlyfe = client();
  const metrics = '/design/versions/latest/metrics';
  const apple = { id: 'apple', name: 'apple', type: 'point' };
  // It sends the player of its own suite to design routes too.
  assert.strictEqual((await playlyfe.post(metrics, student(), apple)).id, 'apple');
  const gone = await playlyfe.delete(`${metrics}/apple`, student());
  assert.strictEqual(gone.message, "The metric 'apple' has been deleted successfully");
  const player = { id: 'nico', alias: 'Nico' };
  assert.strictEqual((await playlyfe.post('/admin/players', {}, player)).id, 'nico');
  await refused(playlyfe.post('/admin/players', {}, player), 'player_exists', 'nico', 409);
  await client('v1').put('/game/players/nico/reset', {});
  await playlyfe.delete('/admin/players/nico', {});
  await refused(playlyfe.get('/admin/players/nico', {}), 'player_not_found', 'nico', 404);
}

async function seesAndSendsPictures() {
  const v1 = client('v1');
  const invalid = await refused(
    v1.get('/assets/players/:gs', student()), 'validation_exception', 'Invalid request', 400);
  assert.strictEqual(invalid.errors.valid, false);
  assert.strictEqual(invalid.toJSON().data.valid, false);
  const none = 'The player has no display image';
  await refused(v1.get('/assets/players/undefined', student()), 'image_not_found', none, 404);
  const game = await v1.get('/assets/game', student());
  assert(Buffer.isBuffer(game) && game.subarray(1, 4).toString() === 'PNG');

  const playlyfe = client();
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'node-sdk-')), 'portrait.png');
  fs.writeFileSync(file, game);
  const form = { file: fs.createReadStream(file) };
  const sent = await playlyfe.upload('/runtime/player/image', student(), form);
  assert.strictEqual(typeof sent, 'object');
  fs.rmSync(path.dirname(file), { recursive: true });
  const back = await playlyfe.get('/runtime/assets/players/student1', student());
  assert.deepStrictEqual(back, game, 'the picture is what was sent');
}

async function renewsTokens() {
  const place = shelf({ access_token: 'of-yesterday', expires_at: new Date(0) });
  const playlyfe = client('v2', place);
  const before = await tokenRequests();
  await playlyfe.get('/runtime/player', student());
  assert.strictEqual(await tokenRequests(), before + 1, 'its clock told that the token has ended');

  await ask('expire_tokens');
  await playlyfe.get('/runtime/player', student());
  assert.strictEqual(await tokenRequests(), before + 2, 'the sandbox told');
  await playlyfe.get('/runtime/player', student());
  assert.strictEqual(await tokenRequests(), before + 2);

  place.token = { ...place.token, access_token: 'never-given' };
  const played = await playlyfe.post('/runtime/actions/water/play', student(), {});
  assert.strictEqual(played.events.local[0].event, 'action');
  assert.strictEqual(await tokenRequests(), before + 3);
}

async function signsForPlayers() {
  const signer = { client_id: 'node-signer', client_secret: 'secret' };
  await client('v2', signer).get('/runtime/player', student());
  const bearer = (more) => {
    const jwt = Playlyfe.createJWT({ ...signer, player_id: 'mira', ...more });
    const expires_at = new Date(Date.now() + 3600 * 1000);
    return client('v2', { ...signer, ...shelf({ access_token: jwt, expires_at }) });
  };
  const before = await tokenRequests();
  const anything = bearer();
  assert.strictEqual((await anything.get('/runtime/player', {})).id, 'mira');
  const water = '/runtime/actions/water/play';
  assert((await anything.post(water, {}, {})).events.local.length > 0);
  const reader = bearer({ scopes: ['player.runtime.read'] });
  assert.strictEqual((await reader.get('/runtime/player', {})).id, 'mira');
  await refused(reader.post(water, {}, {}), 'access_denied', '');
  assert.strictEqual(await tokenRequests(), before, "a player's token is made, not asked for");
}

/// The code that the browser of `player` brings back from the SDK's own login address.
async function logIn(playlyfe, player) {
  const answer = await request({
    url: `${playlyfe.getAuthorizationURI()}&player_id=${player}`,
    followRedirect: false,
    simple: false,
    resolveWithFullResponse: true,
  });
  assert.strictEqual(answer.statusCode, 302);
  const back = new URL(answer.headers.location);
  assert.strictEqual(back.searchParams.get('x'), '1', "the application's own query");
  return back.searchParams.get('code');
}

async function letsPlayersLogIn() {
  const app = { type: 'code', redirect_uri: 'https://shop.example/back?x=1&y=2' };
  const playlyfe = client('v2', app);
  const code = await logIn(playlyfe, 'otto');
  await playlyfe.exchangeCode(code);
  assert.strictEqual((await playlyfe.get('/runtime/player', {})).id, 'otto');

  const before = await tokenRequests();
  await ask('expire_tokens');
  assert.strictEqual((await playlyfe.get('/runtime/player', {})).id, 'otto', 'by refresh token');
  await ask('expire_tokens');
  assert.strictEqual((await playlyfe.get('/runtime/player', {})).id, 'otto', 'and once more');
  assert.strictEqual(await tokenRequests(), before + 2);
  await refused(client('v2', app).exchangeCode(code), 'invalid_grant', '');
  await ask('revoke_logins');
  await ask('expire_tokens');
  await refused(playlyfe.get('/runtime/player', {}), 'invalid_grant', '');
}

(async () => {
  await tellsWhoItIs();
  await readsAndWrites('v1', '');
  await readsAndWrites('v2', '/runtime');
  await plays();
  await designs();
  await seesAndSendsPictures();
  await renewsTokens();
  await signsForPlayers();
  await letsPlayersLogIn();
  console.log('version', require('playlyfe/package.json').version);
  process.exit(0);
})().catch((error) => {
  console.error(error.stack || error);
  process.exit(1);
});
