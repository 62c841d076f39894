/* Nothing is counted at a switch but in `suite_block_set`. */
