/** Whether a period is a month (`YYYY-MM`): of charges from long before a compaction, the day is not known. */
export const isMonth = (period: string): boolean => period.length === "YYYY-MM".length;
