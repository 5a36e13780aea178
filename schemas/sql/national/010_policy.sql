-- A selection policy's number stands for one rule for ever: provinces know by it what they have adopted,
-- so a withdrawn one is not given to another rule.
DROP INDEX ref.selection_policy_is_one;
CREATE UNIQUE INDEX selection_policy_is_one ON ref.selection_policy (province, number);
