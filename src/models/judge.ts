import { JudgeModelDescriptor } from "../domain/model-descriptor.ts";
import shared from "../../models/judge-shared.json" with { type: "json" };

/** The network that tells video as phones record and services share it. */
export const judgeModel: JudgeModelDescriptor = JudgeModelDescriptor.parse(shared);
