-- The distinct products of the benchmark's bill: a few thousand. Grain: usage type x region.
with region as (
    select unnest(['us-east-1', 'us-west-2', 'eu-west-1', 'eu-central-1', 'ap-northeast-1', 'ap-southeast-2',
                   'sa-east-1', 'ca-central-1', 'ap-south-1', 'eu-north-1']) as region,
           unnest(['USE1', 'USW2', 'EU', 'EUC1', 'APN1', 'APS2', 'SAE1', 'CAN1', 'APS3', 'EUN1']) as prefix
),

machine as (
    select f.family || '.' || s.size as instance_type, s.factor * 0.048e0 as price
    from
        (select unnest(['m5', 'm5d', 'm6i', 'm6g', 'm7g', 'c5', 'c6i', 'c6g', 'c7g', 'r5', 'r6g', 'r6i', 't3', 't4g',
                        'i3', 'x2gd', 'zz9']) as family) as f,
        (select unnest(['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', '12xlarge']) as size,
                unnest([2e0, 4e0, 8e0, 16e0, 32e0, 48e0]) as factor) as s
),

meter as (
    select 'AmazonEC2' as product_code, 'BoxUsage:' || instance_type as meter, 'RunInstances' as operation, 'Hrs' as unit,
           instance_type, 'Compute Instance' as family, price, 1e0 as amount_scale
    from machine
    union all
    select 'AmazonEC2', 'SpotUsage:' || instance_type, 'RunInstances:SV001', 'Hrs', instance_type, 'Compute Instance',
           price * 0.3e0, 1e0
    from machine
    union all
    select 'AmazonRDS', 'InstanceUsage:db.' || instance_type, 'CreateDBInstance:0014', 'Hrs', 'db.' || instance_type,
           'Database Instance', price * 1.8e0, 1e0
    from machine where instance_type[1] in ('m', 'r', 't')
    union all
    select product_code, meter, operation, unit, null, family, price, amount_scale
    from (values
        ('AmazonEC2', 'EBS:VolumeUsage.gp3', 'CreateVolume-Gp3', 'GB-Mo', 'Storage', 0.08e0, 0.7e0),
        ('AmazonEC2', 'EBS:VolumeUsage.gp2', 'CreateVolume-Gp2', 'GB-Mo', 'Storage', 0.1e0, 0.7e0),
        ('AmazonEC2', 'EBS:VolumeUsage.st1', 'CreateVolume-St1', 'GB-Mo', 'Storage', 0.045e0, 2e0),
        ('AmazonEC2', 'EBS:SnapshotUsage', 'CreateSnapshot', 'GB-Mo', 'Storage Snapshot', 0.05e0, 1e0),
        ('AmazonEC2', 'NatGateway-Hours', 'NatGateway', 'Hrs', 'NAT Gateway', 0.045e0, 1e0),
        ('AmazonEC2', 'NatGateway-Bytes', 'NatGateway', 'GB', 'NAT Gateway', 0.045e0, 12e0),
        ('AmazonEC2', 'DataTransfer-Regional-Bytes', 'InterZone-Out', 'GB', 'Data Transfer', 0.01e0, 5e0),
        ('AmazonEC2', 'DataTransfer-Out-Bytes', 'RunInstances', 'GB', 'Data Transfer', 0.09e0, 3e0),
        ('AmazonS3', 'TimedStorage-ByteHrs', 'StandardStorage', 'GB-Mo', 'Storage', 0.023e0, 4e0),
        ('AmazonS3', 'TimedStorage-SIA-ByteHrs', 'StandardIAStorage', 'GB-Mo', 'Storage', 0.0125e0, 9e0),
        ('AmazonS3', 'Requests-Tier1', 'PutObject', 'Requests', 'API Request', 0.000005e0, 9000e0),
        ('AmazonS3', 'Requests-Tier2', 'GetObject', 'Requests', 'API Request', 0.0000004e0, 90000e0),
        ('AWSLambda', 'Lambda-GB-Second', 'Invoke', 'Lambda-GB-Second', 'Serverless', 0.0000166667e0, 5000e0),
        ('AWSLambda', 'Request', 'Invoke', 'Requests', 'Serverless', 0.0000002e0, 70000e0),
        ('AmazonECS', 'Fargate-vCPU-Hours:perCPU', 'FargateTask', 'hours', 'Compute', 0.04048e0, 8e0),
        ('AmazonECS', 'Fargate-GB-Hours', 'FargateTask', 'hours', 'Compute', 0.004445e0, 16e0),
        ('AmazonDynamoDB', 'WriteRequestUnits', 'PayPerRequestThroughput', 'WriteRequestUnits', 'Database', 1.25e-6, 9000e0),
        ('AmazonCloudWatch', 'CW:Requests', 'GetMetricData', 'Metrics', 'Metric', 0.00001e0, 700e0),
        ('awskms', 'KMS-Requests', 'Decrypt', 'Requests', 'Encryption Key', 0.000003e0, 3000e0),
        ('AmazonES', 'ESInstance:r6g.large', 'ESDomain', 'Hrs', 'Search', 0.167e0, 1e0)
    ) as t(product_code, meter, operation, unit, family, price, amount_scale)
)

select
    row_number() over (order by hash(m.meter, r.region)) - 1 as sku,
    r.region,
    case when r.region = 'us-east-1' then m.meter else r.prefix || '-' || m.meter end as usage_type,
    m.product_code, m.operation, m.unit, m.instance_type, m.family, m.price, m.amount_scale
from meter as m
cross join region as r
