// Whether every field is one that Kubernetes knows, with a value of its type: each object is written
// down as a constant of its type, and the strict TypeScript compiler reads it.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {nameOf} from './manifests.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const compiler = join(folder, 'node_modules/.bin/tsc');
const customGroups = ['cert-manager.io', 'monitoring.coreos.com'];

// apps/v1 is apps/v1, v1 is core/v1, networking.k8s.io/v1 is networking/v1.
function moduleOf(apiVersion) {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  if (customGroups.includes(group)) return join(folder, 'custom_resources');
  return join(folder, 'node_modules/kubernetes-types', group.replace(/\..*/, ''), version);
}

// One line an object, so that a line of the compiler's complaints says which.
function lineOf(object, index) {
  const type = `import('${moduleOf(object.apiVersion)}').${object.kind}`;
  return `export const object${index}: Known<${type}> = ${JSON.stringify(object)};`;
}

// What has no type must not pass as anything.
const prelude = 'type Known<T> = 0 extends 1 & T ? never : T;';

function complaints(file) {
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig', '--pretty', 'false', '--module', 'esnext',
    '--moduleResolution', 'bundler', '--types', ''];
  try {
    execFileSync(compiler, [...options, file], {encoding: 'utf8', stdio: 'pipe'});
    return [];
  } catch (error) {
    if (!error.stdout) throw error;
    return error.stdout.split('\n').filter((line) => line.includes('error TS'));
  }
}

export function wrongTypes(objects) {
  const temporary = mkdtempSync(join(tmpdir(), 'kubernetes-types-'));
  const file = join(temporary, 'objects.ts');
  try {
    writeFileSync(file, [prelude, ...objects.map(lineOf), ''].join('\n'));
    return complaints(file).map((complaint) => {
      const line = Number(/\((\d+),\d+\)/.exec(complaint)?.[1]);
      const object = objects[line - 2];
      return `${object ? nameOf(object) : file}: ${complaint.replace(/^.*?error /, '')}`;
    });
  } finally {
    rmSync(temporary, {recursive: true});
  }
}
