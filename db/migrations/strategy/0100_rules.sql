select contrail_append_only('versions');
select contrail_append_only('strategy_events');
select contrail_append_only('runs');
