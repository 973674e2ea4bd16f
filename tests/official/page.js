// The JavaScript of a page of the guide does what the page says.
//
//     page.js PAGE          (NODE_PATH: the folder where npm put the SDK; gold.png in this folder)
//
// Its blocks run one after the other, as one program. Each `text` block that follows one must be
// what was printed since the one before.
'use strict';

const assert = require('assert');
const fs = require('fs');
const request = require('request-promise');

/// The code that johny's browser brings back from this address.
async function comeBack(login) {
  const answer = await request({
    url: `${login}&player_id=johny`,
    followRedirect: false,
    simple: false,
    resolveWithFullResponse: true,
  });
  return new URL(answer.headers.location).searchParams.get('code');
}

let printed = '';
const log = (...words) => { printed += `${words.join(' ')}\n`; };

function shows(text) {
  assert.strictEqual(printed, text);
  printed = '';
}

const page = fs.readFileSync(process.argv[2], 'utf8');
let blocks = 0;
let open = false;
let program = '';
for (const [, language, text] of page.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
  if (language === 'js') {
    if (open) program += 'shows("");\n';
    program += text;
    open = true;
    blocks += 1;
  } else if (language === 'text' && open) {
    program += `shows(${JSON.stringify(text)});\n`;
    open = false;
  }
}
const names = ['require', 'console', 'comeBack', 'shows'];
const run = new Function(...names, `return (async () => {\n${program}\n})();`);
run(require, { log }, comeBack, shows).then(() => {
  assert.strictEqual(printed, '');
  console.log('blocks', blocks);
  process.exit(0);
}).catch((error) => {
  console.error(error.stack || error);
  process.exit(1);
});
