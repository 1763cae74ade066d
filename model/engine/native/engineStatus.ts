import { engineFolder, nvidiaSeen, readJson, tensorflowVersion } from '../../../setup/folder/engineFolder.mjs';
import { alteredFile, damagedFile, engineFiles } from '../../../setup/folder/records.mjs';

/** What setup has left on this machine. */
export interface EngineStatus {
  /** Version of TensorFlow that setup installs. */
  tensorflow: string;
  /** System, processor and kind, such as `linux-x64-cpu`. */
  variant: string;
  folder: string;
  binding: string;
  installed: boolean;
  /** First file that is missing or not as it was installed. */
  damaged: string | undefined;
  bytes: number;
  /** Why setup could not install the engine, and what would cure it. */
  trouble: { message: string; remedy: string; at: string } | undefined;
  nvidiaDriver: boolean;
}

/**
 * Read what setup has left: records, sizes of files, and why not where the engine is missing.
 * @param verify  compare the content of every file with its recorded hash too, which reads all of it
 */
export async function engineStatus({ verify }: { verify: boolean }): Promise<EngineStatus> {
  const place = engineFolder();
  const files = engineFiles(place);
  const check = verify ? alteredFile : damagedFile;
  return {
    tensorflow: tensorflowVersion,
    variant: place.variant,
    folder: place.folder,
    binding: place.binding,
    installed: files !== undefined,
    damaged: files && (await check(place.folder, files)),
    bytes: Object.values(files ?? {}).reduce((sum, file) => sum + file.bytes, 0),
    trouble: readJson(place.trouble) as EngineStatus['trouble'],
    nvidiaDriver: nvidiaSeen(),
  };
}
