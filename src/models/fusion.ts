import { FusionModelDescriptor } from "../domain/model-descriptor.ts";
import general from "../../models/fusion-general.json" with { type: "json" };

/** The network that aligns and weighs the neighbours which compressed video is averaged with. */
export const fusionModel: FusionModelDescriptor = FusionModelDescriptor.parse(general);
