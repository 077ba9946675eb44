// Pod security at its strictest profile, `restricted`, and the practices that Monokle knows: every one
// of its rules but those named here.
import {createDefaultMonokleValidator} from '@monokle/validation';
import {stringify} from 'yaml';

const plugins = {
  'pod-security-standards': true,
  practices: true,
  'resource-links': false,
  'kubernetes-schema': false,
  'yaml-syntax': false,
};

const exceptions = [
  // A process reads its database's address from a flag or from a variable; as a flag everybody on the
  // node could read the password.
  'practices/no-secret-mounted-as-env',
];

function resourceOf(object, index) {
  const {name, namespace} = object.metadata;
  const id = `${object.kind} ${name}`;
  return {
    id,
    fileId: id,
    filePath: `${index}.yaml`,
    fileOffset: 0,
    name,
    namespace,
    apiVersion: object.apiVersion,
    kind: object.kind,
    content: object,
    text: stringify(object),
  };
}

async function strictValidator() {
  const validator = createDefaultMonokleValidator();
  await validator.preload({plugins});
  const rules = {};
  for (const [plugin, own] of Object.entries(validator.rules)) {
    if (!plugins[plugin]) continue;
    for (const {name} of own) {
      const rule = `${plugin}/${name}`;
      rules[rule] = exceptions.includes(rule) ? false : 'err';
    }
  }
  await validator.preload({plugins, rules});
  return validator;
}

export async function insecurities(objects) {
  const validator = await strictValidator();
  const response = await validator.validate({resources: objects.map(resourceOf)});
  return response.runs.flatMap(({results}) => results).map(({ruleId, message, locations}) => {
    const [, {physicalLocation, logicalLocations}] = locations;
    const where = logicalLocations.find(({kind}) => kind === 'element')?.fullyQualifiedName;
    return `${physicalLocation.artifactLocation.uri}: ${message.text} (${ruleId}, ${where})`;
  });
}
