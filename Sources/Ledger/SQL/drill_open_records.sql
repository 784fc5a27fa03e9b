-- Records of a run that nothing became of.
SELECT count(*) FROM kugiri.record_state($1) WHERE state IN ('unprocessed', 'processing')
