import { downloadSnapshot } from '../../../checkpoints/hub/downloadSnapshot.js';
import { downloadScreen } from '../../../configs/cli/download.js';

// Downloads owner/model as the environment says: downloadSnapshot.test.ts kills it, and runs two at once.
const place = { id: 'owner/model', revision: 'main' };
console.log((await downloadSnapshot(place, 'model', downloadScreen)).folder);
process.exit();
